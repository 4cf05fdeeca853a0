"""The chapter's Paddle tab, run with Paddle itself: its VGG layers (whose ReLU makes a new tensor, so that a stored convolution
output stays as it is), its transforms, its Adam and StepDecay."""
import numpy as np
import paddle
from PIL import Image
from paddle.vision import transforms
from paddle.vision.models.vgg import make_layers
from safetensors.numpy import load_file

import chapter as ch

paddle.set_device("cpu")
LEARNING_RATE = 0.3


def network(path):
    """Paddle's own layers with the small network's widths, cut after the last layer that is used."""
    tensors = load_file(path)
    features = make_layers(ch.widths(tensors))
    missing, unexpected = features.set_state_dict({k.removeprefix("features."): v for k, v in tensors.items()})
    assert not missing and not unexpected
    return paddle.nn.Sequential(*list(features)[:max(ch.CONTENT_LAYERS + ch.STYLE_LAYERS) + 1])


def gram(x):
    flat = x.reshape((x.shape[1], -1))
    return paddle.matmul(flat, flat.T) / flat.size


def total_variation(x):
    down = paddle.abs(x[:, :, 1:, :] - x[:, :, :-1, :]).mean()
    right = paddle.abs(x[:, :, :, 1:] - x[:, :, :, :-1]).mean()
    return 0.5 * (down + right)


def preprocess(path, size):
    picture = transforms.Resize(size)(Image.open(path))
    normalize = transforms.Compose([
        transforms.ToTensor(),
        transforms.Normalize(mean=paddle.to_tensor(ch.RGB_MEAN), std=paddle.to_tensor(ch.RGB_STD))])
    return np.asarray(picture), normalize(picture).unsqueeze(0)


def parameter(start, kind):
    x = paddle.create_parameter(shape=list(start.shape), dtype=kind)
    x.set_value(start)
    return x


def resized(path, height, width):
    return preprocess(path, (height, width))[0]


def run(job, kind="float32"):
    net, size = network(job.weights).to(dtype=kind), (job.height, job.width)
    pixels, inputs = {}, {}
    for name, path in (("content", job.content), ("style", job.style)):
        pixels[name], picture = preprocess(path, size)
        inputs[name] = picture.astype(kind)
    target = ch.Target(gram, paddle.square, total_variation, net, inputs["content"], inputs["style"], job.tv_weight)
    seen = {name: ch.taps(net, x) for name, x in inputs.items()}

    image = parameter(inputs["content"], kind)
    scheduler = paddle.optimizer.lr.StepDecay(learning_rate=LEARNING_RATE, gamma=ch.DECAY, step_size=ch.DECAY_EVERY)
    optimizer = paddle.optimizer.Adam(parameters=[image], learning_rate=scheduler)
    trace, first = {}, None
    for _ in range(job.epochs):
        optimizer.clear_grad()
        contents, styles, tv, total = target.losses(image)
        total.backward()
        ch.record(trace, content=sum(contents), style=sum(styles), tv=tv, total=total)
        first = first or ([float(v) for v in contents], [float(v) for v in styles], float(tv), image.grad.numpy()[0].copy())
        optimizer.step()
        scheduler.step()
    return ch.Result(
        pixels=pixels, inputs={k: v.numpy()[0] for k, v in inputs.items()},
        taps={k: {i: t.numpy()[0] for i, t in v.items()} for k, v in seen.items()},
        grams={k: {i: gram(v[i]).numpy() for i in ch.STYLE_LAYERS} for k, v in seen.items()},
        content_losses=first[0], style_losses=first[1], tv_loss=first[2], gradient=first[3], trace=trace)


def totals(job, double):
    """The total loss before each update of a training in one of two precisions."""
    return run(job, "float64" if double else "float32").trace["total"]


def adam(start, gradients, rate, every, double):
    """The parameters after each update of paddle.optimizer.Adam, the rate times 0.8 after every few updates."""
    kind = "float64" if double else "float32"
    x = parameter(np.array(start, kind), kind)
    scheduler = paddle.optimizer.lr.StepDecay(learning_rate=rate, gamma=ch.DECAY, step_size=every)
    optimizer = paddle.optimizer.Adam(parameters=[x], learning_rate=scheduler)
    after = []
    for g in gradients:
        (x * paddle.to_tensor(np.array(g, kind))).sum().backward()
        optimizer.step()
        optimizer.clear_grad()
        scheduler.step()
        after.append(x.tolist())
    return after


def rates(epochs):
    """StepDecay's learning rate in each epoch."""
    scheduler = paddle.optimizer.lr.StepDecay(learning_rate=LEARNING_RATE, gamma=ch.DECAY, step_size=ch.DECAY_EVERY)
    seen = []
    for _ in range(epochs):
        seen.append(scheduler())
        scheduler.step()
    return seen
