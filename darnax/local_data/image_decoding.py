"""Decode image files into one array of bytes, with every file that does not fit named at once."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from darnax.data.progress import Progress
from darnax.errors import Problem, RequestError, first_line
from darnax.local_data.examples import empty_inputs
from darnax.local_data.image_listing import name_some, refuse
from darnax.local_data.image_stores import Block, Content, Store
from darnax.printing import count_of

COLOURS = ("grey", "rgb")
_THREADS = 4  # OpenCV decodes without holding the interpreter's lock
_TRIED = 20  # first files, of which one must be readable
_LARGEST_SIDE = 1 << 13  # pixels of a resized image
_TAIL = 4096  # bytes at the end of a file in which its format ends
_LIMIT = "OPENCV_IO_MAX_IMAGE_PIXELS"  # set by darnax.data, unless the user has

ImageShape = tuple[int, int, int]
Allocate = Callable[[str, tuple[int, ...]], np.ndarray]
"""Called with a split and the shape of its inputs; returns the array to fill."""


@dataclass(frozen=True)
class Form:
    """What is made of every image.

    Args:
        colour: `grey` or `rgb`; None: as in the file.
        resize: height and width; None: as in the file.
    """

    colour: str | None = None
    resize: tuple[int, int] | None = None

    def decode(self, content: bytes) -> np.ndarray:
        """Return the image of a file.

        Raises:
            ValueError: the content is not an image, or only a part of one.
        """
        return decode_image(content, self)


def read_form(colour: str | None, resize: Sequence[int] | None) -> Form:
    """Return the form that the settings `data.colour` and `data.resize` describe.

    Raises:
        RequestError: a setting has an unknown value.
    """
    if colour is not None and colour not in COLOURS:
        what = f"got {colour!r}, expected null, grey or rgb"
        raise RequestError(Problem("data.colour", what))
    if resize is None:
        return Form(colour)
    if len(resize) != 2 or not all(0 < side <= _LARGEST_SIDE for side in resize):
        what = f"got {list(resize)}, expected a height and a width up to {_LARGEST_SIDE}"
        raise RequestError(Problem("data.resize", f"{what}, such as [28,28]"))
    return Form(colour, (int(resize[0]), int(resize[1])))


def require_whole(content: bytes) -> None:
    """Raise ValueError for an empty file, and a PNG or JPEG file cut short, which OpenCV fills."""
    if not content:
        raise ValueError("it is empty")
    if content.startswith(b"\xff\xd8") and b"\xff\xd9" not in content[-_TAIL:]:
        raise ValueError("it is cut short")
    if content.startswith(b"\x89PNG") and b"IEND" not in content[-_TAIL:]:
        raise ValueError("it is cut short")


def explain_undecoded(error: Exception) -> str:
    """Return why a library did not decode an image."""
    if "MAX_IMAGE_PIXELS" in str(error):
        most = os.environ.get(_LIMIT)
        return f"it has more than {most} pixels, expected fewer; {_LIMIT}=N raises the limit"
    return f"it is not an image ({first_line(getattr(error, 'err', error))})"


def resize_image(image: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Return an image with this height and width: means of areas, or interpolated if larger."""
    import cv2

    if size is None or image.shape[:2] == size:
        return image
    height, width = size
    shrinks = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (width, height), interpolation=method)


def decode_image(content: bytes, form: Form) -> np.ndarray:
    """Return an image (height, width, 1 or 3) of 8 bits, the colours in the order RGB.

    Transparency is dropped, and 16 bits become 8.

    Raises:
        ValueError: the content is not an image, or only a part of one.
    """
    import cv2

    require_whole(content)
    flags = {None: cv2.IMREAD_ANYCOLOR, "grey": cv2.IMREAD_GRAYSCALE, "rgb": cv2.IMREAD_COLOR}
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), flags[form.colour])
    except cv2.error as error:
        raise ValueError(explain_undecoded(error)) from error
    if image is None:
        raise ValueError("it is not an image that OpenCV reads")
    image = resize_image(image, form.resize)
    if image.ndim == 2:
        return image[..., None]
    return image[..., ::-1]


def first_shape(store: Store, paths: Mapping[str, Sequence[str]], form: Form) -> ImageShape:
    """Return the shape of the first image that can be read, which all others must have.

    Raises:
        RequestError: none of the first images can be read.
    """
    some = list(chain.from_iterable(paths.values()))[:_TRIED]
    findings = Findings()
    for names, images in decode_blocks(store.blocks(some), form, None):
        for name, image in zip(names, images, strict=True):
            findings.add(name, image)
    readable: dict[str, ImageShape] = {}
    for shape, names_of_shape in findings.shapes.items():
        readable |= dict.fromkeys(names_of_shape, shape)
    # Blocks come in the order of the store, so the first image is looked up by its name.
    for name in some:
        if name in readable:
            return readable[name]
    findings.require_alike(str(store.path))
    raise refuse(f"{store.path} has changed while it was read; start again")


@dataclass
class Findings:
    """What is wrong with the files of a folder: all of it is reported at once."""

    unreadable: dict[str, str] = field(default_factory=dict)
    shapes: dict[ImageShape, list[str]] = field(default_factory=dict)

    def add(self, name: str, result: np.ndarray | str) -> None:
        """Note the image of a file, or why it cannot be read."""
        if isinstance(result, str):
            self.unreadable[name] = result
        else:
            height, width, channels = result.shape
            self.shapes.setdefault((height, width, channels), []).append(name)

    def require_alike(self, where: str) -> None:
        """Raise RequestError if files cannot be read, or have several sizes."""
        if self.unreadable:
            reasons = [f"{name} ({why})" for name, why in sorted(self.unreadable.items())]
            files = count_of(len(reasons), "file")
            what = f"{files} of {where} cannot be read: {name_some(reasons)}"
            raise refuse(f"{what}; repair or remove them")
        if len({shape[:2] for shape in self.shapes}) > 1:
            common = max(self.shapes, key=lambda shape: len(self.shapes[shape]))
            raise refuse(
                f"images of {where} have several sizes: {self._describe(2)}; "
                f"give all one with 'data.resize=[{common[0]},{common[1]}]' (height, width)"
            )
        if len(self.shapes) > 1:
            what = f"images of {where} are grey and in colour: {self._describe(3)}"
            raise refuse(f"{what}; make all alike with data.colour=grey or data.colour=rgb")

    def _describe(self, axes: int) -> str:
        """Describe each size, the most frequent first, with an example file."""
        sizes: dict[tuple[int, ...], list[str]] = {}
        for shape, names in self.shapes.items():
            sizes.setdefault(shape[:axes], []).extend(names)
        ordered = sorted(sizes.items(), key=lambda item: (-len(item[1]), item[0]))
        parts = []
        for size, names in ordered:
            text = "×".join(map(str, size))
            parts.append(f"{len(names)} of {text} (such as {min(names)})")
        return name_some(parts)


def decode_all(
    store: Store,
    paths: Mapping[str, Sequence[str]],
    form: Form,
    allocate: Allocate,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Return split -> the images of its paths, in their order, (n, height, width, channels) uint8.

    Raises:
        RequestError: naming all files that cannot be read, or the sizes where there are several.
    """
    row_of: dict[str, tuple[str, int]] = {}
    for role, some in paths.items():
        for row, path in enumerate(some):
            row_of[path] = role, row
    stage, total, done = f"decode {store.title}", len(row_of), 0
    shape = first_shape(store, paths, form)
    arrays = {role: allocate(role, (len(some), *shape)) for role, some in paths.items()}
    findings = Findings()
    for names, images in decode_blocks(store.blocks(list(row_of)), form, shape):
        for name, image in zip(names, images, strict=True):
            findings.add(name, image)
            if not isinstance(image, str) and image.shape == shape:
                role, row = row_of[name]
                arrays[role][row] = image
        done += len(names)
        progress(stage, done, total)
    findings.require_alike(str(store.path))
    if done < total:
        raise refuse(f"{store.path} has changed while it was read; start again")
    return arrays


def decode_blocks(
    blocks: Iterator[Block], form: Form, shape: ImageShape | None
) -> Iterator[tuple[Sequence[str], list[np.ndarray | str]]]:
    """Yield names with their images, or with why they cannot be read; threads decode ahead.

    Of images of another shape than `shape` nothing but the shape is kept.
    """

    def work(load: Callable[[], list[Content]]) -> list[np.ndarray | str]:
        return [decode_or_explain(content, form, shape) for content in load()]

    waiting: deque[tuple[Sequence[str], Future[list[np.ndarray | str]]]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        for names, load in blocks:
            waiting.append((names, pool.submit(work, load)))
            if len(waiting) > 2 * _THREADS:  # a bounded number of images is in memory
                names, future = waiting.popleft()
                yield names, future.result()
        while waiting:
            names, future = waiting.popleft()
            yield names, future.result()


def decode_or_explain(content: Content, form: Form, shape: ImageShape | None) -> np.ndarray | str:
    """Return the image, zeros without memory for one of another shape, or why it is unreadable."""
    if isinstance(content, str):
        return content
    try:
        image = form.decode(content)
    except ValueError as error:
        return str(error)
    return image if image.shape == shape else empty_inputs(1, image.shape, image.dtype)[0]
