"""Rows of networks beyond the published model."""

from reproduction.rows.row import Row, Section, trained_on_all

UNIFORM = "model.adapters.w_in.patch=null model.adapters.w_in.sparsity=0.9"
ERROR = "+experiment=mnist_error"
CONV = "+experiment=conv_error"
SHIFT = "+data.disturb.shift.pixels=1"
BEYOND = Section(
    "Beyond the published model",
    "Local rules only; settings were chosen on a validation split (docs/science.md). "
    "`mnist_error` and `fashion_error` are one layer with learned error feedback; in their "
    "ablation only the readout learns.",
    trained_on_all(
        Row("`mnist_single`, one layer of 2000, 10 epochs", "+experiment=mnist_single"),
        Row("`mnist_chain`, two layers of 1000, 10 epochs", "+experiment=mnist_chain"),
        Row("`mnist_chain3`, three layers of 1000, 10 epochs", "+experiment=mnist_chain3"),
        Row("`mnist_error`, 1000 units, 9×9 patches, 20 epochs", ERROR),
        Row("the same, training images shifted by up to one pixel", f"{ERROR} {SHIFT}"),
        Row(
            "`mnist_error`, 1000 units, nothing learns but the readout",
            f"{ERROR} +model.adapters.w_in.rule=null",
        ),
        Row("`mnist_error`, 2000 units, 9×9 patches, 20 epochs", f"{ERROR} model.features=2000"),
        Row("`mnist_error`, 4000 units, 9×9 patches, 20 epochs", f"{ERROR} model.features=4000"),
        Row(
            "`mnist_error`, 1000 units, uniform inputs, 10 epochs",
            f"{ERROR} {UNIFORM} runner.epochs=10",
        ),
        Row(
            "`mnist_error`, 2000 units, uniform inputs, 10 epochs",
            f"{ERROR} {UNIFORM} model.features=2000 runner.epochs=10",
        ),
        Row("`mnist_fast`, 1000 units, shifted images, 20 epochs", "+experiment=mnist_fast"),
        Row("`entangled_error`, 1600 units, 20 epochs", "+experiment=entangled_error"),
        Row("`conv_error`, 14×14×32 units, 10 epochs", CONV),
        Row(
            "the same, nothing learns but the readout",
            f"{CONV} +model.adapters.w_in.rule=null",
        ),
        Row(
            "`conv_error`, 14×14×32 units, 10 epochs, training images shifted by up to one pixel",
            f"{CONV} {SHIFT}",
        ),
        Row("`conv_error`, 14×14×32 units, 3 epochs", f"{CONV} runner.epochs=3"),
        Row(
            "the same, training images shifted by up to one pixel",
            f"{CONV} runner.epochs=3 {SHIFT}",
        ),
        Row("`conv_error`, 14×14×64 units, 10 epochs", f"{CONV} model.channels=64"),
        Row("`fashion_error`, 2000 units, 9×9 patches, 10 epochs", "+experiment=fashion_error"),
    ),
)
CIFAR = "+experiment=cifar_conv data.path=cifar10_jpeg.zip"
FROZEN = "+model.adapters.w_in.rule=null +model.adapters.up.rule=null"
PHOTOGRAPHS = Section(
    "Photographs",
    "CIFAR-10, 50,000 and 10,000 colour images of 32×32 pixels, here JPEG files in class folders of"
    " an archive; 16×16×64 and 8×8×128 units, random shifts and mirror images, 15 epochs of batches"
    " of 50. Settings were chosen on a validation split (docs/development/log.md);"
    " backpropagation has the usual settings of Adam.",
    trained_on_all(
        Row("`cifar_conv`, two stages with learned error feedback, local rules only", CIFAR),
        Row("the same, nothing learns but the readouts: random windows", f"{CIFAR} {FROZEN}"),
        Row(
            "the same layers with ReLU, backpropagation instead",
            "+experiment=cifar_backprop data.path=cifar10_jpeg.zip",
        ),
    ),
)
