"""Training steps in PyTorch: torch_step.py NETWORK HEIGHT WIDTH VARIANT DEVICE [PRECISION]

VARIANT is chapter (as the chapter writes it: channels first, a gradient for the weights too), best (frozen weights,
channels last) or compile (best, through torch.compile). PRECISION, on a GPU, is tf32 or float32; without it, PyTorch's
own choice holds.
"""

import sys
import time

import torch
import torch.nn.functional as F

import network as n

network = n.Network(sys.argv[1])
height, width = (int(a) for a in sys.argv[2:4])
variant, device, *precision = sys.argv[4:]
if precision:
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == ["tf32"]
torch.manual_seed(0)
start = time.perf_counter()


def modules():
    layers, channels = [], 3
    for block in network.blocks:
        if layers:
            layers.append(torch.nn.MaxPool2d(2, 2))
        for out in block:
            layers += [torch.nn.Conv2d(channels, out, 3, padding=1), torch.nn.ReLU(inplace=True)]
            channels = out
    return layers[:-1]


net = torch.nn.Sequential(*modules()).to(device)
memory = torch.contiguous_format if variant == "chapter" else torch.channels_last
net = net.to(memory_format=memory)
net.requires_grad_(variant == "chapter")


def features(x):
    contents, styles, conv = [], [], 0
    for layer in net:
        x = layer(x)
        if isinstance(layer, torch.nn.Conv2d):
            if conv in network.style_layers:
                styles.append(x)
            if conv == network.content_layer:
                contents.append(x)
            conv += 1
    return contents, styles


def gram(x):
    channels = x.shape[1]
    x = x.reshape(channels, -1)
    return x @ x.T / x.numel()


def noise():
    return torch.randn(1, 3, height, width, device=device).to(memory_format=memory)


with torch.no_grad():
    content_targets = [c.clone() for c in features(noise())[0]]
    style_targets = [gram(s) for s in features(noise())[1]]
image = torch.nn.Parameter(noise())
optimizer = torch.optim.Adam([image], lr=n.RATE)


def loss(x):
    contents, styles = features(x)
    content = sum(F.mse_loss(c, t) for c, t in zip(contents, content_targets)) * n.CONTENT_WEIGHT
    style = sum(F.mse_loss(gram(s), t) for s, t in zip(styles, style_targets)) * n.STYLE_WEIGHT
    tv = (x[:, :, 1:] - x[:, :, :-1]).abs().mean() + (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().mean()
    return n.STYLE_REPEAT * style + content + n.TV_WEIGHT * 0.5 * tv


if variant == "compile":
    loss = torch.compile(loss)


def step():
    optimizer.zero_grad()
    total = loss(image)
    total.backward()
    optimizer.step()
    total.item()
    if device == "cuda":
        torch.cuda.synchronize()


n.serve(step, f"PyTorch {torch.__version__}", start)
