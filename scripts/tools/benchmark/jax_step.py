"""Training steps in JAX under jit: jax_step.py NETWORK HEIGHT WIDTH"""

import sys
import time

import jax
import jax.numpy as jnp

import network as n

network = n.Network(sys.argv[1])
height, width = (int(a) for a in sys.argv[2:])
start = time.perf_counter()
keys = iter(jax.random.split(jax.random.key(0), 100))


def parameters():
    channels = 3
    for out in (out for block in network.blocks for out in block):
        yield jax.random.normal(next(keys), (3, 3, channels, out)) * (2 / 9 / channels) ** 0.5, jnp.zeros(out)
        channels = out


weights = list(parameters())


def features(weights, x):
    content, styles, conv = None, [], 0
    for number, block in enumerate(network.blocks):
        if number:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        for _ in block:
            filter, bias = weights[conv]
            x = jax.lax.conv_general_dilated(x, filter, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
            if conv < len(weights) - 1:  # what the ReLU in place makes of it; none follows the last convolution
                x = jax.nn.relu(x)
            if conv in network.style_layers:
                styles.append(x)
            if conv == network.content_layer:
                content = x
            conv += 1
    return content, styles


def gram(x):
    x = x.reshape(-1, x.shape[-1])
    return x.T @ x / x.size


def noise():
    return jax.random.normal(next(keys), (1, height, width, 3))


forward = jax.jit(features)
content_target = forward(weights, noise())[0]
style_targets = [gram(s) for s in forward(weights, noise())[1]]


def loss(x, weights, content_target, style_targets):
    content, styles = features(weights, x)
    style = sum(((gram(s) - t) ** 2).mean() for s, t in zip(styles, style_targets)) * n.STYLE_WEIGHT
    tv = jnp.abs(x[:, 1:] - x[:, :-1]).mean() + jnp.abs(x[:, :, 1:] - x[:, :, :-1]).mean()
    return n.STYLE_REPEAT * style + n.CONTENT_WEIGHT * ((content - content_target) ** 2).mean() + n.TV_WEIGHT * 0.5 * tv


def adam(x, m, v, t, *frozen):
    total, g = jax.value_and_grad(loss)(x, *frozen)
    m, v, t = n.BETA1 * m + (1 - n.BETA1) * g, n.BETA2 * v + (1 - n.BETA2) * g * g, t + 1
    x -= n.RATE * (m / (1 - n.BETA1**t)) / (jnp.sqrt(v / (1 - n.BETA2**t)) + n.EPSILON)
    return x, m, v, t, total


adam = jax.jit(adam, donate_argnums=(0, 1, 2))
x = noise()
state = (x, jnp.zeros_like(x), jnp.zeros_like(x), 0.0)


def step():
    global state
    *state, total = adam(*state, weights, content_target, style_targets)
    total.block_until_ready()


n.serve(step, f"JAX {jax.__version__}", start)
