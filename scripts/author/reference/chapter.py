"""What the three tabs of the chapter have in common: the settings, and the shape of what each tab's program returns."""
from dataclasses import dataclass

STYLE_LAYERS = [0, 5, 10, 19, 28]
CONTENT_LAYERS = [25]
CONTENT_WEIGHT, STYLE_WEIGHT, TV_WEIGHT = 1, 1e3, 10
RGB_MEAN, RGB_STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
DECAY_EVERY, DECAY = 50, 0.8


@dataclass
class Job:
    """One run of one tab."""

    weights: str  # safetensors file with torchvision's names
    content: str  # picture files
    style: str
    height: int
    width: int
    epochs: int
    tv_weight: float


@dataclass
class Result:
    """Everything a run shows. All arrays are NumPy's; maps have shape [channels, height, width]."""

    pixels: dict  # content, style -> uint8 [height, width, 3], after the resize
    inputs: dict  # content, style -> the normalized picture
    taps: dict  # content, style -> layer -> features as the losses see them
    grams: dict  # content, style -> layer -> [channels, channels]
    content_losses: list  # at the content image, one for each layer, weighted
    style_losses: list
    tv_loss: float
    gradient: object  # of the total loss at the content image
    trace: dict  # content, style, tv, total -> the value before each update


def widths(tensors):
    """The output channels of each convolution in order, and "M" for each pooling, as both libraries' make_layers want
    them."""
    plan, previous = [], None
    for index in sorted(int(name.split(".")[1]) for name in tensors if name.endswith("weight")):
        # Convolutions of one block are two layers apart; a pooling in between makes it three.
        if previous is not None and index - previous == 3:
            plan.append("M")
        plan.append(tensors[f"features.{index}.weight"].shape[0])
        previous = index
    return plan


def taps(net, x):
    """The outputs of the layers that the losses look at, of a network that is a list of layers. They are looked at after the whole
    pass: by then PyTorch's ReLU, which works in place, has overwritten all but the last."""
    stored, wanted = {}, CONTENT_LAYERS + STYLE_LAYERS
    for index, layer in enumerate(net):
        x = layer(x)
        if index in wanted:
            stored[index] = x
    return stored


class Target:
    """The losses of PyTorch's and Paddle's tabs and what they compare with. gram, square and total_variation are the library's."""

    def __init__(self, gram, square, total_variation, net, content, style, tv_weight):
        self.gram, self.square, self.total_variation, self.net, self.tv_weight = gram, square, total_variation, net, tv_weight
        seen = taps(net, content)
        self.contents = [seen[i].detach() for i in CONTENT_LAYERS]
        seen = taps(net, style)
        self.grams = [gram(seen[i]).detach() for i in STYLE_LAYERS]

    def losses(self, x):
        tap = taps(self.net, x)
        contents = [self.square(tap[i] - target).mean() * CONTENT_WEIGHT for i, target in zip(CONTENT_LAYERS, self.contents)]
        styles = [self.square(self.gram(tap[i]) - target).mean() * STYLE_WEIGHT for i, target in zip(STYLE_LAYERS, self.grams)]
        tv = self.total_variation(x) * self.tv_weight
        return contents, styles, tv, sum(10 * styles + contents + [tv])  # 10 * a list: the list ten times over


def record(trace, **values):
    for name, value in values.items():
        trace.setdefault(name, []).append(float(value))
