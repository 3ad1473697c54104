"""The learning rules other than the published one; `mnist_NAME` is the experiment of each."""

SCHEMES = ["ep", "ff", "pc", "softhebb", "dfa", "sign", "chl", "backprop", "three_threshold"]
# The shipped layer has a hundredth of the couplings: none, of few units.
OF_SCHEME = {"three_threshold": ["model.layers.hidden.sparsity=0.5"]}
KWINNERS = "+model.layers.hidden.activation={_target_: darnax.activations.KWinners, k: 3}"
GATED = "+model.adapters.w_in.connectivity={_target_: darnax.connectivity.Gated, gate: 0.5}"
# Parts that no shipped scheme has.
COMPOSITES = {
    "dfa": [KWINNERS, GATED],
    "sparse": [
        "model.layers.hidden._target_=darnax.modules.PrototypeUnits",
        "model.layers.hidden.sparsity=null",
        "+model.layers.hidden.connectivity._target_=darnax.connectivity.Symmetric",
        "+model.layers.hidden.share=0.5",
        "+dynamics.train.free.target_state={clamped: 0.5, free: 0.5}",
    ],
}
