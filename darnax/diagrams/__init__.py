"""The connection graph of a network as a picture."""
