"""The learning rules other than the published one; `mnist_NAME` is the experiment of each."""

SCHEMES = ["ep", "ff", "pc", "softhebb", "dfa", "sign", "chl", "backprop", "three_threshold"]
# The shipped layer has a hundredth of the couplings: none, of few units.
OF_SCHEME = {"three_threshold": ["model.layers.hidden.sparsity=0.5"]}
