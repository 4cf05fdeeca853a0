"""Writes data/golden/terms.json: losses on features beyond the Gram matrix, with their gradients, in float64.
usage: python terms.py (half a minute)

Each loss is written twice, for the gradient and, in other words, for the finite differences that test it. All tensors are
stored with channels last. Given numbers are multiples of 1/256, so that float32 holds them as they are."""
import numpy as np
import scipy.linalg
import torch

from golden import sample, write_json

random = np.random.default_rng(30)


def some(*shape):
    return np.round(64 * random.normal(size=shape)) / 64


def array(x):
    x = np.asarray(x, dtype=np.float64)
    return {"shape": list(x.shape), "values": x.reshape(-1).tolist()}


def test_gradient(loss, x, gradient, places, step=1e-6, tolerance=1e-7):
    """Central differences of loss, a function of one array, at some places of x."""
    scale = np.sqrt(np.mean(gradient ** 2))
    for at in places:
        up, down = x.copy(), x.copy()
        up.reshape(-1)[at] += step
        down.reshape(-1)[at] -= step
        difference = (loss(up) - loss(down)) / (2 * step)
        assert abs(difference - gradient.reshape(-1)[at]) < tolerance * scale, (at, difference, gradient.reshape(-1)[at])


def by_autograd(loss, x, *others):
    """A loss of PyTorch's tensors, and its gradient by x."""
    x = torch.tensor(x, requires_grad=True)
    value = loss(x, *[torch.tensor(o) for o in others])
    return value.item(), torch.autograd.grad(value, x)[0].numpy()


# ---- means and deviations of channels: Li et al. 2017, arXiv:1701.01036, "BN statistics matching"
def moments_loss(features, style):
    def channel(x):
        return np.array([[np.mean(x[..., i]), np.std(x[..., i])] for i in range(x.shape[-1])])
    return np.square(channel(features) - channel(style)).sum(1).mean()


def moments_gradient(features, style):
    """By hand: PyTorch's root has no gradient at 0. A channel that does not vary gets none from its deviation."""
    n, c = features[..., 0].size, features.shape[-1]
    mean, deviation = features.mean((0, 1, 2)), features.std((0, 1, 2))
    slope = np.where(deviation > 0, (features - mean) / np.where(deviation > 0, deviation, 1), 0) / n  # of the deviation
    return 2 / c * ((mean - style.mean((0, 1, 2))) / n + (deviation - style.std((0, 1, 2))) * slope)


def torch_moments(x, style):
    mean = lambda f: f.mean((0, 1, 2))
    std = lambda f: torch.var(f, (0, 1, 2), correction=0).sqrt()
    return (torch.square(mean(x) - mean(style)) + torch.square(std(x) - std(style))).mean()


def moments():
    entry = {
        "layout": "image, style and gradient: [1, height, width, channels]",
        "loss": "mean over channels of (m - m')^2 + (s - s')^2; m mean, s = sqrt(variance) over all positions, the variance "
                "divided by their number; gradient: of the loss by image",
        "zero_deviation": "where s is 0, nothing is added under the root and the gradient of s is taken as 0"}
    style = some(1, 3, 7, 6) * 1.5 + 0.25
    for name, constant in (("plain", None), ("constant", 0.5), ("dead", 0)):
        image = some(1, 4, 5, 6)
        if constant is not None:
            image[..., 2] = constant
        gradient = moments_gradient(image, style)
        # The deviation is the same above and below 0, so central differences find 0 there too.
        test_gradient(lambda x: moments_loss(x, style), image, gradient, range(image.size))
        loss = moments_loss(image, style)
        if constant is None:
            other = by_autograd(torch_moments, image, style)
            assert np.isclose(other[0], loss, rtol=1e-14) and np.allclose(other[1], gradient, rtol=0, atol=1e-16)
        entry[name] = {"image": array(image), "style": array(style), "value": loss, "gradient": array(gradient)}
        if constant is not None:
            entry[name]["constant_channel"] = 2
    return entry


# ---- relaxed earth mover's distance: Kolkin, Salavon, Shakhnarovich 2019, arXiv:1904.12785, "style loss"
def cosine_distances(a, b):
    return 1 - (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T


def remd_loss(a, b):
    costs = [[1 - np.dot(p, q) / np.sqrt(np.dot(p, p) * np.dot(q, q)) for q in b] for p in a]
    from_a = [min(row) for row in costs]
    from_b = [min(row[j] for row in costs) for j in range(len(b))]
    return max(sum(from_a) / len(from_a), sum(from_b) / len(from_b))


def torch_remd(a, b):
    costs = cosine_distances(a, b)
    return torch.maximum(costs.min(1).values.mean(), costs.min(0).values.mean())


def margin(costs):
    """How clear the choices are: the second best costs so much more, in rows and columns."""
    return min(float(np.diff(np.sort(c, axis=1)[:, :2]).min()) for c in (costs, costs.T))


def remd():
    entry = {
        "layout": "image [n, channels] and style [m, channels]: one row for each sampled place; gradient as image",
        "loss": "C_ij = 1 - a_i.b_j / (|a_i| |b_j|), a of image, b of style; max(mean_i min_j C_ij, mean_j min_i C_ij); "
                "gradient: of the loss by image"}
    spread, narrow = some(7, 6), some(1, 6) + some(5, 6) / 4
    other = some(9, 6)
    # Rows that all lie close together are near to one row of a spread set, which has others far from all of them.
    for name, image, style in (("image_larger", spread, narrow), ("style_larger", narrow, other)):
        costs = cosine_distances(torch.tensor(image), torch.tensor(style)).numpy()
        means = costs.min(1).mean(), costs.min(0).mean()
        assert (means[0] > means[1]) == (name == "image_larger") and abs(means[0] - means[1]) > 0.05 and margin(costs) > 1e-3
        loss, gradient = by_autograd(torch_remd, image, style)
        assert np.isclose(loss, remd_loss(image, style), rtol=1e-14)
        test_gradient(lambda x: remd_loss(x, style), image, gradient, range(image.size))
        entry[name] = {"image": array(image), "style": array(style), "image_to_style": means[0], "style_to_image": means[1],
                       "value": loss, "gradient": array(gradient)}
    return entry


# ---- self-similarity: the same paper, "content loss"
def selfsim_loss(x, content):
    def normalized(f):
        unit = f / np.sqrt(np.square(f).sum(1))[:, None]
        d = 1 - np.einsum("ik,jk->ij", unit, unit)
        np.fill_diagonal(d, 0)
        return d / d.sum(0)
    return np.abs(normalized(x) - normalized(content)).sum() / len(x) ** 2


def torch_selfsim(x, content):
    """The diagonal is 0 whatever the features are: it is set so, and no gradient comes from it."""
    off = 1 - torch.eye(len(x), dtype=x.dtype)
    mine, target = cosine_distances(x, x) * off, cosine_distances(content, content) * off
    return (mine / mine.sum(0, keepdim=True) - target / target.sum(0, keepdim=True)).abs().sum() / len(x) ** 2


def selfsim():
    image, content = some(8, 6), some(8, 6)
    distances = [cosine_distances(torch.tensor(f), torch.tensor(f)).numpy() for f in (image, content)]
    a, b = [d / d.sum(0) for d in distances]
    assert np.abs(a - b)[~np.eye(8, dtype=bool)].min() > 1e-4  # no sign hangs on the last digit
    loss, gradient = by_autograd(torch_selfsim, image, content)
    assert np.isclose(loss, selfsim_loss(image, content), rtol=1e-14)
    test_gradient(lambda x: selfsim_loss(x, content), image, gradient, range(image.size))
    return {"layout": "image and content [n, channels]: one row for each place, the same places in both; gradient as image",
            "loss": "D_ij = 1 - f_i.f_j / (|f_i| |f_j|), D_ii = 0; each column divided by its sum over i; the sum over all i, j of "
                    "the absolute differences between image and content, divided by n^2; gradient: of the loss by image",
            "image": array(image), "content": array(content), "value": loss, "gradient": array(gradient)}


# ---- Wasserstein distance of many channels at few places
CHANNELS = 512
PLACES = {"image": (15, 20), "style": (10, 20)}
RIDGE = 1e-3
RECIPE = [
    "feature of position p (row by row, from 0) and channel c, for image (first = 0) and style (first = 2^20):",
    "h = first + 512p + c as an unsigned 32-bit number; then, modulo 2^32, h = h xor (h >> 16), h = h * 0x85ebca6b, "
    "h = h xor (h >> 13), h = h * 0xc2b2ae35, h = h xor (h >> 16) (the last step of MurmurHash3)",
    "u = (h >> 20) / 4096; shift = (8 + (c mod 8)) / 16; scale = (18 + (181c mod 512)) / 16",
    "the feature is max(0, u - shift) * scale, for style max(0, u - shift + 1/8) * scale; float32 holds each exactly"]


def rectified(which):
    """Features by RECIPE, [positions, channels]."""
    height, width = PLACES[which]
    p, c = np.mgrid[:height * width, :CHANNELS]
    h = (np.uint32(2 ** 20 if which == "style" else 0) + 512 * p + c).astype(np.uint32)
    for right, factor in ((16, 0x85ebca6b), (13, 0xc2b2ae35), (16, 1)):
        h = (h ^ (h >> np.uint32(right))) * np.uint32(factor)
    shift = (8 + c % 8) / 16 - (1 / 8 if which == "style" else 0)
    features = np.maximum(0, (h >> np.uint32(20)) / 4096 - shift) * ((18 + 181 * c % 512) / 16)
    assert np.array_equal(features, np.float32(features))
    return features


def normal(x):
    mean = x.mean(0)
    return mean, (x - mean).T @ (x - mean) / len(x)


def root(a):
    values, vectors = scipy.linalg.eigh(a)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


def wasserstein_loss(x, target):
    """With SciPy's own root of a product that is not symmetric: tr((C C')^½) is the same number."""
    (mean, covariance), (mean_target, covariance_target) = normal(x), target
    ridge = RIDGE * np.trace(covariance_target) / CHANNELS * np.eye(CHANNELS)
    a, b = covariance + ridge, covariance_target + ridge
    trace = np.trace(scipy.linalg.sqrtm(a @ b)).real
    return (np.sum((mean - mean_target) ** 2) + np.trace(a) + np.trace(b) - 2 * trace) / CHANNELS


def wasserstein_with_gradient(x, target, kind=np.float64):
    """By eigenvalues of the symmetric product. The ridge makes it regular, so its root has an inverse."""
    x, (mean_target, covariance_target) = x.astype(kind), [t.astype(kind) for t in target]
    mean, covariance = normal(x)
    identity = np.eye(CHANNELS, dtype=kind)
    ridge = kind(RIDGE) * np.trace(covariance_target) / CHANNELS * identity
    a, b = covariance + ridge, covariance_target + ridge
    r = root(b)
    values, vectors = scipy.linalg.eigh(r @ a @ r)
    roots = np.sqrt(np.maximum(values, np.finfo(kind).eps * values.max()))  # the floor matters in float32 only
    loss = (np.sum((mean - mean_target) ** 2) + np.trace(a) + np.trace(b) - 2 * roots.sum()) / CHANNELS
    half = r @ vectors
    by_covariance = (identity - half / roots @ half.T) / CHANNELS
    by_mean = 2 * (mean - mean_target) / CHANNELS
    # C = sum (x - m)(x - m)ᵀ / n: what flows through m sums to zero
    return loss, (by_mean + 2 * (x - mean) @ by_covariance) / len(x), values


def wasserstein():
    image, style = rectified("image"), rectified("style")
    target = normal(style)
    loss, gradient, values = wasserstein_with_gradient(image, target)
    assert np.linalg.matrix_rank(normal(image)[1]) < CHANNELS and np.linalg.matrix_rank(target[1]) < CHANNELS
    assert np.isclose(loss, wasserstein_loss(image, target), rtol=1e-10)
    places = [(k + 1) * 7919 % gradient.size for k in range(6)] + [int(np.abs(gradient).argmax()), int(np.abs(gradient).argmin())]
    test_gradient(lambda x: wasserstein_with_gradient(x, target)[0], image, gradient, places, step=1e-3, tolerance=1e-5)
    test_gradient(lambda x: wasserstein_loss(x, target), image, gradient, places[:2], step=1e-3, tolerance=1e-5)

    # The same in float32: how near a program in float32 can be expected to come.
    narrow, slope, _ = wasserstein_with_gradient(image, target, np.float32)
    off = abs(narrow / loss - 1), np.linalg.norm(slope - gradient) / np.linalg.norm(gradient)
    print(f"wasserstein: {loss:.6g}; eigenvalues of RCR {values.min():.3g} to {values.max():.3g}; in float32 the loss is off by "
          f"{off[0]:.1e}, the gradient by {off[1]:.1e}")
    check = lambda x: {"positive": int((x > 0).sum()), "sum": float(x.sum()), "sample": sample(x, 32)}
    shape = lambda which: [1, *PLACES[which], CHANNELS]
    return {"layout": "features: [1, height, width, channels]",
            "sample_rule": "element ((k+1)*7919) mod n of the tensor flattened in the order height, width, channel",
            "recipe": RECIPE, "image_shape": shape("image"), "style_shape": shape("style"),
            "image": check(image), "style": check(style),
            "loss": "(|m - m'|^2 + tr C + tr C' - 2 tr((R C R)^(1/2))) / channels, R = C'^(1/2), m' and C' of style; covariances "
                    "divided by the number of positions; to the diagonals of both is first added ridge = 0.001 tr(C') / channels",
            "by_covariance": "the gradient by C is (I - R (R C R)^(-1/2) R) / channels, with the ridge in C",
            "ridge": RIDGE * float(np.trace(target[1])) / CHANNELS, "value": float(loss),
            "mean_part": float(np.sum((normal(image)[0] - target[0]) ** 2) / CHANNELS),
            "gradient": {"of": "the loss by the image's features", "norm": float(np.linalg.norm(gradient)),
                         "sample": sample(gradient, 64)}}


def main():
    makers = [moments, remd, selfsim, wasserstein]
    write_json("terms.json", {make.__name__: make() for make in makers})


if __name__ == "__main__":
    main()
