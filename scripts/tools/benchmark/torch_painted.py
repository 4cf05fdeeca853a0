"""The network that paints in one pass, in PyTorch: torch_painted.py HEIGHT WIDTH VARIANT

VARIANT is first (channels first), last (channels last) or compile (channels last, through torch.compile). Its numbers are random.
Input and output are bytes, as ours are.
"""

import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

import network as n

CHANNELS, BLOCKS = 64, 5
height, width = (int(a) for a in sys.argv[1:3])
variant = sys.argv[3]
torch.manual_seed(0)
start = time.perf_counter()


def conv(inside, outside, kernel, stride=1, border=nn.ReflectionPad2d):
    return nn.Sequential(border(kernel // 2), nn.Conv2d(inside, outside, kernel, stride, bias=False), nn.InstanceNorm2d(outside, affine=True))


class Enlarged(nn.Module):
    """Mirrored before it is enlarged, of which one place on each side is kept."""

    def forward(self, x):
        x = F.interpolate(F.pad(x, (1, 1, 1, 1), mode="reflect"), scale_factor=2, mode="bilinear", align_corners=False)
        return x[:, :, 1:-1, 1:-1]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = conv(CHANNELS, CHANNELS, 3), conv(CHANNELS, CHANNELS, 3)

    def forward(self, x):
        return x + self.b(F.relu(self.a(x)))


class Painter(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = conv(12, CHANNELS // 2, 5), conv(CHANNELS // 2, CHANNELS, 3, 2)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.up1 = conv(CHANNELS, CHANNELS // 2, 3, border=lambda _: Enlarged())
        self.up2 = conv(CHANNELS // 2, CHANNELS // 4, 3, border=lambda _: Enlarged())
        self.out = nn.Conv2d(CHANNELS // 4, 3, 3, padding=1, padding_mode="reflect")
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))

    def forward(self, pixels):
        x = pixels.permute(2, 0, 1)[None].float() / 255
        x = F.pixel_unshuffle((x - self.mean) / self.std, 2)
        x = F.relu(self.down2(F.relu(self.down1(x))))
        x = self.blocks(x)
        for up in self.up1, self.up2:
            x = F.relu(up(x))
        x = torch.sigmoid(self.out(x))
        return (255 * x[0]).round().to(torch.uint8).permute(1, 2, 0).contiguous()


painter = Painter().eval().requires_grad_(False)
if variant != "first":
    painter = painter.to(memory_format=torch.channels_last)
paint = torch.compile(painter) if variant == "compile" else painter
picture = torch.randint(0, 256, (height, width, 3), dtype=torch.uint8)


@torch.inference_mode()
def step():
    paint(picture).numpy()


n.serve(step, f"PyTorch {torch.__version__}", start)
