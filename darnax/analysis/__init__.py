"""What a trained network has become: plain numbers about its states, fields and couplings, one measure per file."""
