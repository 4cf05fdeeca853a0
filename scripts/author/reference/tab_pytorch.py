"""The chapter's PyTorch tab, run with PyTorch and torchvision themselves: their VGG layers (whose ReLU works in place and so
overwrites a convolution's stored output), their transforms, their Adam and StepLR."""
import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torchvision.models.vgg import make_layers

import chapter as ch

torch.set_num_threads(1)
LEARNING_RATE = 0.3


def network(path):
    """torchvision's own layers with the small network's widths, cut after the last layer that is used."""
    tensors = load_file(path)
    features = make_layers(ch.widths(tensors))
    features.load_state_dict({name.removeprefix("features."): t for name, t in tensors.items()})
    return torch.nn.Sequential(*list(features)[:max(ch.CONTENT_LAYERS + ch.STYLE_LAYERS) + 1])


def gram(x):
    c = x.shape[1]
    flat = x.reshape(c, -1)
    return flat @ flat.T / flat.numel()


def total_variation(x):
    return 0.5 * ((x[:, :, 1:, :] - x[:, :, :-1, :]).abs().mean() + (x[:, :, :, 1:] - x[:, :, :, :-1]).abs().mean())


def preprocess(path, size):
    resize = torchvision.transforms.Resize(size)
    normalize = torchvision.transforms.Compose([
        torchvision.transforms.ToTensor(),
        torchvision.transforms.Normalize(torch.tensor(ch.RGB_MEAN), torch.tensor(ch.RGB_STD))])
    picture = resize(Image.open(path))
    return np.asarray(picture), normalize(picture).unsqueeze(0)


def resized(path, height, width):
    return preprocess(path, (height, width))[0]


def run(job, kind=torch.float32):
    net, size = network(job.weights).to(kind), (job.height, job.width)
    pixels, inputs = {}, {}
    for name, path in (("content", job.content), ("style", job.style)):
        pixels[name], picture = preprocess(path, size)
        inputs[name] = picture.to(kind)
    target = ch.Target(gram, torch.square, total_variation, net, inputs["content"], inputs["style"], job.tv_weight)
    seen = {name: ch.taps(net, x) for name, x in inputs.items()}

    image = torch.nn.Parameter(inputs["content"].clone())
    optimizer = torch.optim.Adam([image], lr=LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, ch.DECAY_EVERY, ch.DECAY)
    trace, first = {}, None
    for _ in range(job.epochs):
        optimizer.zero_grad()
        contents, styles, tv, total = target.losses(image)
        total.backward()
        ch.record(trace, content=sum(contents), style=sum(styles), tv=tv, total=total)
        first = first or ([float(v) for v in contents], [float(v) for v in styles], float(tv), image.grad[0].clone().numpy())
        optimizer.step()
        scheduler.step()
    return ch.Result(
        pixels=pixels, inputs={k: v[0].numpy() for k, v in inputs.items()},
        taps={k: {i: t.detach()[0].numpy() for i, t in v.items()} for k, v in seen.items()},
        grams={k: {i: gram(v[i]).detach().numpy() for i in ch.STYLE_LAYERS} for k, v in seen.items()},
        content_losses=first[0], style_losses=first[1], tv_loss=first[2], gradient=first[3], trace=trace)


def totals(job, double):
    """The total loss before each update of a training in one of two precisions."""
    return run(job, torch.float64 if double else torch.float32).trace["total"]


def adam(start, gradients, rate, every, double):
    """The parameters after each update of torch.optim.Adam, the rate times 0.8 after every few updates."""
    kind = torch.float64 if double else torch.float32
    x = torch.nn.Parameter(torch.tensor(start, dtype=kind))
    optimizer = torch.optim.Adam([x], lr=rate)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, every, ch.DECAY)
    after = []
    for g in gradients:
        x.grad = torch.tensor(g, dtype=kind)
        optimizer.step()
        scheduler.step()
        after.append(x.tolist())
    return after


def rates(epochs):
    """StepLR's learning rate in each epoch."""
    optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, ch.DECAY_EVERY, ch.DECAY)
    seen = []
    for _ in range(epochs):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen
