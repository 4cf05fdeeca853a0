"""Makes the pictures with colour profiles that stylelib's image tests compare with: stylelib/internal/imagefile/testdata/colours.

    python scripts/author/reference/colours.py stylelib/internal/imagefile/testdata/colours

X.jpg, X.png, X.webp   an input
X.golden.png           what LittleCMS makes of it in sRGB: relative colorimetric, with black point compensation, without the
                       shortcuts of its 8-bit path; for 16 bits, alpha and gAMA, NumPy in float64
X.icc                  a profile alone, to fuzz with

The profiles are written here, from chromaticities, curves and a model of inks; none is copied. What Pillow decodes is what is
converted; alpha is laid over white afterwards. Made with Pillow 13.0.0, LittleCMS 2.19, NumPy 2.4.6.
"""
import io
import os
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageCms

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)

D50 = np.array([0.9642, 1.0, 0.8249])
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65)
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65)
PROPHOTO = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001), (0.3457, 0.3585))
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def path(name):
    return os.path.join(OUT, name)


def xyz(xy):
    return np.array([xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]])


def to_d50(primaries):
    """The matrix from linear RGB to XYZ, adapted to D50 by Bradford's transform."""
    columns = np.stack([xyz(p) for p in primaries[:3]], 1)
    white = xyz(primaries[3])
    matrix = columns * np.linalg.solve(columns, white)
    scale = (BRADFORD @ D50) / (BRADFORD @ white)
    return np.linalg.inv(BRADFORD) @ np.diag(scale) @ BRADFORD @ matrix


def srgb_decode(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def srgb_encode(v):
    v = np.clip(v, 0, 1)
    return np.where(v <= 0.0031308, 12.92 * v, 1.055 * v ** (1 / 2.4) - 0.055)


# ---- profiles


def fixed(v):
    return struct.pack(">i", round(v * 65536))


def tag_xyz(v):
    return b"XYZ \0\0\0\0" + b"".join(fixed(x) for x in v)


def tag_gamma(g):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(g * 256))


def tag_table(values):
    values = np.round(np.clip(values, 0, 1) * 65535).astype(">u2")
    return b"curv\0\0\0\0" + struct.pack(">I", len(values)) + values.tobytes()


def tag_para(kind, *parameters):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + b"".join(fixed(p) for p in parameters)


def tag_text(text, version):
    if version >= 4:
        return b"mluc\0\0\0\0" + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", 2 * len(text), 28) + text.encode("utf-16-be")
    return b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text.encode() + b"\0" + bytes(78)


SRGB_CURVE = tag_para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def profile(text, kind, space, pcs, version, tags):
    """An ICC profile; tags with the same content are stored once, as real profiles do."""
    tags = {b"desc": tag_text(text, version), b"cprt": b"text\0\0\0\0none\0", b"wtpt": tag_xyz(D50), **tags}
    body, places, index = b"", {}, b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:
            body += bytes(-len(body) % 4)
            places[data] = start + len(body)
            body += data
        index += name + struct.pack(">II", places[data], len(data))
    body += bytes(-len(body) % 4)
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"\0\0\0\0", version << 24, kind, space, pcs)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + b"".join(fixed(v) for v in D50)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


def matrix_profile(text, primaries, curve, version=2):
    m = to_d50(primaries)
    return profile(text, b"mntr", b"RGB ", b"XYZ ", version, {
        b"rXYZ": tag_xyz(m[:, 0]), b"gXYZ": tag_xyz(m[:, 1]), b"bXYZ": tag_xyz(m[:, 2]),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve})


def lab(v):
    """XYZ, relative to D50 -> L, a, b."""
    f = np.where(v > (24 / 116) ** 3, np.cbrt(v), 841 / 108 * v + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def grid(points, channels):
    axis = np.linspace(0, 1, points)
    return np.stack(np.meshgrid(*[axis] * channels, indexing="ij"), -1).reshape(-1, channels)


def mft2(channels_in, points, clut, curve=None):
    """A lut16Type; clut has values from 0 to 1."""
    channels_out = clut.shape[1]
    curve = np.array([0.0, 1.0]) if curve is None else curve
    shorts = lambda v: np.round(np.clip(v, 0, 1) * 65535).astype(">u2").tobytes()
    return (b"mft2\0\0\0\0" + struct.pack(">4B", channels_in, channels_out, points, 0)
            + b"".join(fixed(v) for v in np.eye(3).ravel()) + struct.pack(">HH", len(curve), 2)
            + shorts(np.tile(curve, channels_in)) + shorts(clut) + shorts(np.tile([0.0, 1.0], channels_out)))


INKS = np.array([[0.15, 0.25, 0.55], [0.33, 0.16, 0.15], [0.72, 0.78, 0.07]])  # XYZ of cyan, magenta and yellow, paper is 1


def ink(cmyk):
    """XYZ relative to paper of inks printed over each other: filters one behind the other, with dot gain."""
    area = np.clip(cmyk, 0, 1) ** 0.8
    v = np.ones(cmyk.shape[:-1] + (3,))
    for c in range(3):
        v = v * (1 - area[..., c:c + 1] * (1 - INKS[c]))
    return v * (1 - area[..., 3:4] * 0.96)


def encode_lab16(v):
    """The old encoding of Lab in lut16Type: L 100 is 0xff00, a and b are 0x8000 at 0."""
    return np.stack([v[..., 0] * 652.8, (v[..., 1] + 128) * 256, (v[..., 2] + 128) * 256], -1) / 65535


def cmyk_profile():
    forward = encode_lab16(lab(ink(grid(7, 4))))
    # Backward: only the way from black is asked, for black point compensation; a rough inverse along lightness does.
    place = grid(9, 3)
    lightness = place[:, 0] * 65535 / 652.8 / 100
    back = np.stack([np.clip(1 - lightness, 0, 1) * 0.7] * 3 + [np.clip(1 - lightness, 0, 1)], 1)
    a2b, b2a = mft2(4, 7, forward, np.linspace(0, 1, 17) ** 1.1), mft2(3, 9, back)
    return profile("inks", b"prtr", b"CMYK", b"Lab ", 2, {b"A2B0": a2b, b"A2B1": a2b, b"A2B2": a2b, b"B2A0": b2a, b"B2A1": b2a, b"B2A2": b2a})


def lut_profile():
    """RGB through a lutAToBType of version 4: curves, a table of 9 × 9 × 9 places, curves; PCS is Lab."""
    rgb = grid(9, 3) @ to_d50(P3).T / D50
    v = lab(rgb)
    clut = np.stack([v[:, 0] / 100, (v[:, 1] + 128) / 255, (v[:, 2] + 128) / 255], 1)
    clut = np.round(np.clip(clut, 0, 1) * 65535).astype(">u2").tobytes()
    identity = tag_para(0, 1.0)
    table = bytes([9] * 3 + [0] * 13 + [2, 0, 0, 0]) + clut
    table += bytes(-len(table) % 4)
    b, clut_at = 32, 32 + 3 * len(identity)
    a = clut_at + len(table)
    data = (b"mAB \0\0\0\0" + bytes([3, 3, 0, 0]) + struct.pack(">5I", b, 0, 0, clut_at, a) + identity * 3 + table
            + tag_para(0, 2.0) * 3)
    return profile("table", b"scnr", b"RGB ", b"Lab ", 4, {b"A2B0": data, b"A2B1": data})


PROFILES = {
    "display-p3": matrix_profile("P3", P3, SRGB_CURVE, 4),
    "adobe-rgb": matrix_profile("Adobe", ADOBE, tag_gamma(2.19921875)),
    "prophoto": matrix_profile("ProPhoto", PROPHOTO, tag_gamma(1.8)),
    "lut": lut_profile(),
    "cmyk": cmyk_profile(),
    "gray-gamma": profile("gray", b"mntr", b"GRAY", b"XYZ ", 4, {b"kTRC": tag_para(0, 1.8)}),
    "gray-dots": profile("dots", b"prtr", b"GRAY", b"XYZ ", 2, {b"kTRC": tag_table(np.linspace(0, 1, 256) ** 1.6)}),
    # tagged sRGB, in the ways that are common: an exact curve, a table of 1024 points
    "srgb-v4": matrix_profile("sRGB", SRGB, SRGB_CURVE, 4),
    "srgb-v2": matrix_profile("sRGB", SRGB, tag_table(srgb_decode(np.linspace(0, 1, 1024)))),
    # primaries that are nearly right
    "srgb-rough": matrix_profile("sRGB", ((0.6402, 0.33), (0.30, 0.6002), (0.15, 0.06), D65), SRGB_CURVE),
}

# ---- conversions

TARGET = ImageCms.createProfile("sRGB")
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOOPTIMIZE | ImageCms.Flags.HIGHRESPRECALC


def convert(image, icc):
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    mode = image.mode
    transform = ImageCms.buildTransform(source, TARGET, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, FLAGS)
    return np.asarray(ImageCms.applyTransform(image, transform))


def through_matrix(values, primaries, decode):
    """float64 0 to 1 -> the same in sRGB."""
    linear = decode(values) @ to_d50(primaries).T
    return srgb_encode(linear @ np.linalg.inv(to_d50(SRGB)).T)


def bytes_of(values):
    return np.floor(values * 255 + 0.5).astype(np.uint8)


def over_white(rgb, alpha):
    return np.floor(rgb * alpha + 255 * (1 - alpha) + 0.5).astype(np.uint8)


def save_golden(name, pixels):
    Image.fromarray(pixels).save(path(name + ".golden.png"), optimize=True)


# ---- pictures


def smooth(h, w, channels=3):
    """Smooth colours over the whole range: what JPEG keeps well."""
    y, x = np.mgrid[0:h, 0:w].astype(float)
    waves = [np.sin(x / w * 5 + c) * np.cos(y / h * (4 + c) - c) for c in range(channels)]
    return np.clip(127.5 + 135 * np.stack(waves, 2), 0, 255).round().astype(np.uint8)


def all_colours(points):
    """Each combination of so many values of three channels, as a picture."""
    side = int(np.ceil(points ** 1.5))
    values = np.round(grid(points, 3) * 255).astype(np.uint8)
    values = np.concatenate([values, np.zeros((side * side - len(values), 3), np.uint8)])
    return values.reshape(side, side, 3)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(name, pixels, colour, depth, *extra):
    h, w = pixels.shape[:2]
    raw = b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in pixels)
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)) + b"".join(extra)
                + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def iccp(icc):
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(icc, 9))


def jpegs():
    picture = Image.fromarray(smooth(40, 56))
    for name in ("display-p3", "adobe-rgb", "srgb-v4", "srgb-v2"):
        picture.save(path(name + ".jpg"), quality=97, subsampling=0, icc_profile=PROFILES[name])
    for name in ("display-p3", "adobe-rgb"):
        save_golden(name + ".jpg", convert(Image.open(path(name + ".jpg")), PROFILES[name]))
    for name in ("srgb-v4", "srgb-v2"):
        save_golden(name + ".jpg", np.asarray(Image.open(path(name + ".jpg"))))
    picture.convert("L").save(path("gray-gamma.jpg"), quality=97, icc_profile=PROFILES["gray-gamma"])
    save_golden("gray-gamma.jpg", convert(Image.open(path("gray-gamma.jpg")), PROFILES["gray-gamma"]))
    inks = Image.fromarray(smooth(40, 56, 4), "CMYK")
    inks.save(path("cmyk.jpg"), quality=97, icc_profile=PROFILES["cmyk"])
    save_golden("cmyk.jpg", convert(Image.open(path("cmyk.jpg")), PROFILES["cmyk"]))
    # A profile in three segments, in the wrong order.
    icc = PROFILES["cmyk"]
    whole = io.BytesIO()
    inks.save(whole, "JPEG", quality=97)
    third = len(icc) // 3
    parts = [icc[:third], icc[third:2 * third], icc[2 * third:]]
    segments = [b"\xff\xe2" + struct.pack(">H", 2 + 14 + len(p)) + b"ICC_PROFILE\0" + bytes([i + 1, 3]) + p for i, p in enumerate(parts)]
    with open(path("cmyk-parts.jpg"), "wb") as f:
        f.write(whole.getvalue()[:2] + segments[2] + segments[0] + segments[1] + whole.getvalue()[2:])
    assert Image.open(path("cmyk-parts.jpg")).info["icc_profile"] == icc
    save_golden("cmyk-parts.jpg", convert(Image.open(path("cmyk-parts.jpg")), icc))


def pngs():
    colours = all_colours(13)
    for name in ("display-p3", "adobe-rgb", "prophoto", "lut"):
        write_png(name + ".png", colours, 2, 8, iccp(PROFILES[name]))
        save_golden(name + ".png", convert(Image.fromarray(colours), PROFILES[name]))
    for name, primaries, decode in (("display-p3", P3, srgb_decode), ("adobe-rgb", ADOBE, lambda v: v ** 2.19921875),
                                    ("prophoto", PROPHOTO, lambda v: v ** 1.80078125)):
        own = bytes_of(through_matrix(colours / 255, primaries, decode))
        off = np.abs(own.astype(int) - np.asarray(Image.open(path(name + ".png.golden.png"))))
        print(f"{name}: NumPy and LittleCMS differ by {off.max()}")
        assert off.max() <= 1
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for name in ("gray-gamma", "gray-dots"):
        write_png(name + ".png", ramp, 0, 8, iccp(PROFILES[name]))
        save_golden(name + ".png", convert(Image.fromarray(ramp), PROFILES[name]))
    # grey with an RGB profile: red, green and blue are the same
    write_png("gray-in-rgb.png", ramp, 0, 8, iccp(PROFILES["adobe-rgb"]))
    save_golden("gray-in-rgb.png", convert(Image.fromarray(ramp).convert("RGB"), PROFILES["adobe-rgb"]))
    small = smooth(19, 23)
    alpha = np.random.RandomState(1).randint(0, 256, (19, 23, 1)).astype(np.uint8)
    write_png("alpha.png", np.concatenate([small, alpha], 2), 6, 8, iccp(PROFILES["display-p3"]))
    save_golden("alpha.png", over_white(through_matrix(small / 255, P3, srgb_decode) * 255, alpha / 255))
    gray = small[:, :, :1]
    write_png("gray-alpha.png", np.concatenate([gray, alpha], 2), 4, 8, iccp(PROFILES["gray-gamma"]))
    linear = (gray / 255).repeat(3, 2) ** 1.8
    save_golden("gray-alpha.png", over_white(srgb_encode(linear) * 255, alpha / 255))
    paletted = Image.fromarray(small).quantize(17)
    paletted.save(path("palette.png"), icc_profile=PROFILES["adobe-rgb"])
    save_golden("palette.png", convert(paletted.convert("RGB"), PROFILES["adobe-rgb"]))
    wide = np.random.RandomState(2).randint(0, 65536, (19, 23, 4)).astype(np.uint16)
    write_png("prophoto16.png", wide[:, :, :3], 2, 16, iccp(PROFILES["prophoto"]))
    values = through_matrix(wide[:, :, :3] / 65535, PROPHOTO, lambda v: v ** (0x1cd / 256))
    save_golden("prophoto16.png", bytes_of(values))
    write_png("alpha16.png", wide, 6, 16, iccp(PROFILES["prophoto"]))
    save_golden("alpha16.png", over_white(values * 255, wide[:, :, 3:] / 65535))
    for name in ("srgb-v2", "srgb-rough"):
        write_png(name + ".png", colours, 2, 8, iccp(PROFILES[name]))
        save_golden(name + ".png", colours)
    moved = np.abs(convert(Image.fromarray(colours), PROFILES["srgb-rough"]).astype(int) - colours)
    print(f"srgb-rough: LittleCMS moves {np.mean(moved > 0):.1%} of the values by up to {moved.max()}")
    assert moved.max() == 1


def gammas():
    colours = all_colours(9)
    gama = lambda v: chunk(b"gAMA", struct.pack(">I", round(v * 100000)))
    chrm = lambda p: chunk(b"cHRM", b"".join(struct.pack(">II", round(x * 100000), round(y * 100000)) for x, y in (p[3], *p[:3])))
    power = lambda encoded: lambda v: v ** (1 / encoded)
    for name, extra, golden in (
            ("gamma-linear", [gama(1)], through_matrix(colours / 255, SRGB, power(1))),
            ("gamma-mac", [gama(0.55556)], through_matrix(colours / 255, SRGB, power(0.55556))),
            ("gamma-wide", [gama(0.45471), chrm(ADOBE)], through_matrix(colours / 255, ADOBE, power(0.45471))),
            ("gamma-d50", [chrm(PROPHOTO), gama(0.55556)], through_matrix(colours / 255, PROPHOTO, power(0.55556))),
            ("gamma-srgb", [gama(0.45455), chrm(SRGB)], colours / 255),  # what programs write beside the chunk sRGB
            ("gamma-overruled", [chunk(b"sRGB", b"\0"), gama(1), chrm(ADOBE)], colours / 255)):
        write_png(name + ".png", colours, 2, 8, *extra)
        save_golden(name + ".png", bytes_of(golden))


def webps():
    picture = Image.fromarray(smooth(21, 27))
    for name, options in (("display-p3.webp", {"lossless": True}), ("adobe-rgb.webp", {"quality": 90})):
        icc = PROFILES[name[:-5]]
        picture.save(path(name), icc_profile=icc, **options)
        save_golden(name, convert(Image.open(path(name)).convert("RGB"), icc))
    alpha = np.random.RandomState(3).randint(0, 256, (21, 27, 1)).astype(np.uint8)
    Image.fromarray(np.concatenate([smooth(21, 27), alpha], 2)).save(path("alpha.webp"), quality=90, icc_profile=PROFILES["display-p3"])
    back = Image.open(path("alpha.webp"))
    rgba = np.asarray(back)
    save_golden("alpha.webp", over_white(through_matrix(rgba[:, :, :3] / 255, P3, srgb_decode) * 255, rgba[:, :, 3:] / 255))


for name, icc in PROFILES.items():
    with open(path(name + ".icc"), "wb") as f:
        f.write(icc)
jpegs()
pngs()
gammas()
webps()
