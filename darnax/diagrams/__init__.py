"""The connection graph of a network as an SVG diagram."""
