"""Makes the pictures that stylelib's image tests compare with: stylelib/internal/imagefile/testdata.

Run by hand from the repository's root, into an empty folder or the one above:

    python scripts/author/reference/make_image_fixtures.py stylelib/internal/imagefile/testdata

Made with Python 3.11, Pillow 13.0.0 (libjpeg-turbo, libwebp), opencv-python-headless 5.0.0.93, numpy 2.4.6.

X.jpg, X.png, X.gif, X.webp, X.bmp   an input
X.golden.png                         what Pillow, or numpy in float64 where it says so, makes of it
resize-HxW-(pillow|opencv).png       base.png resized

The picture is synthetic: smooth colours, noise and hard edges, so that every way of upsampling chroma shows.
"""
import io
import os
import struct
import sys
import zlib

import cv2
import numpy as np
from PIL import Image, ImageOps

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)


def path(name):
    return os.path.join(OUT, name)


def picture(h, w, seed=7):
    """A synthetic RGB picture, uint8 [h, w, 3]."""
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    r = 255 * x / max(w - 1, 1)
    g = 127 + 110 * np.sin(x * y / 60.0)
    b = 255 * ((x // 7 + y // 5) % 2)
    p = np.stack([r, g, b], 2) + rng.randn(h, w, 3) * 6
    inside = (x - w / 2) ** 2 + (y - h / 2) ** 2 < (min(h, w) / 4) ** 2
    p[inside] = (230, 20, 40)  # a saturated disc
    return np.clip(p.round(), 0, 255).astype(np.uint8)


def save_png(name, array_or_image):
    image = array_or_image if isinstance(array_or_image, Image.Image) else Image.fromarray(array_or_image)
    image.save(path(name), optimize=True)


def golden(name):
    """Writes what Pillow makes of an input, turned upright."""
    image = ImageOps.exif_transpose(Image.open(path(name)))
    save_png(name + ".golden.png", image.convert("RGB"))


def exif(orientation):
    e = Image.Exif()
    e[0x010F] = "maker"  # another tag before it
    e[0x0112] = orientation
    return e.tobytes()


def over_white(rgb, alpha):
    """Composites over white in float64; alpha from 0 to 1. uint8."""
    return np.floor(rgb * alpha + 255 * (1 - alpha) + 0.5).astype(np.uint8)


def jpegs():
    base = Image.fromarray(picture(47, 61))
    kinds = {"444": 0, "422": 1, "420": 2}
    for kind, subsampling in kinds.items():
        base.save(path(f"{kind}.jpg"), quality=90, subsampling=subsampling)
    for kind in ("422", "420"):
        base.save(path(f"progressive-{kind}.jpg"), quality=90, subsampling=kinds[kind], progressive=True)
    base.save(path("restart-420.jpg"), quality=90, subsampling=2, restart_marker_blocks=3)
    # Pillow cannot write these two.
    for kind, factor in (("440", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440), ("411", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_411)):
        cv2.imwrite(path(f"{kind}.jpg"), picture(47, 61)[:, :, ::-1],
                    [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor])
    base.convert("L").save(path("gray.jpg"), quality=90)
    base.convert("CMYK").save(path("cmyk.jpg"), quality=90)
    names = ["444", "422", "420", "progressive-422", "progressive-420", "restart-420", "440", "411", "gray", "cmyk"]
    # The last rows and columns, and rows with one, two and three chroma samples.
    for h, w in ((48, 64), (33, 17), (17, 33), (5, 5), (4, 4), (3, 3), (1, 1), (2, 9), (9, 2), (16, 18)):
        for kind in ("422", "420"):
            name = f"{kind}-{h}x{w}"
            Image.fromarray(picture(h, w)).save(path(name + ".jpg"), quality=90, subsampling=kinds[kind])
            names.append(name)
    for h, w in ((5, 1), (2, 3), (1, 4)):
        name = f"440-{h}x{w}"
        cv2.imwrite(path(name + ".jpg"), picture(h, w)[:, :, ::-1], [
            cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440])
        names.append(name)
    small = Image.fromarray(picture(10, 15))
    for orientation in range(1, 9):
        small.save(path(f"orientation-{orientation}.jpg"), quality=90, subsampling=2, exif=exif(orientation))
        names.append(f"orientation-{orientation}")
    for name in names:
        golden(name + ".jpg")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(name, h, w, depth, colour, rows, extra=b""):
    """Writes a PNG by hand, of kinds that Pillow does not write; rows are the packed bytes [h, n]."""
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)) + extra
                + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b""))


def pngs():
    h, w = 19, 23
    rgb = picture(h, w)
    alpha = np.random.RandomState(1).randint(0, 256, (h, w, 1)).astype(np.uint8)
    alpha[0, :4, 0] = (0, 1, 254, 255)
    Image.fromarray(np.concatenate([rgb, alpha], 2)).save(path("rgba.png"), optimize=True)
    save_png("rgba.png.golden.png", over_white(rgb.astype(float), alpha / 255.0))
    gray = Image.fromarray(rgb).convert("L")
    gray.save(path("gray.png"))
    golden("gray.png")
    Image.fromarray(np.dstack([np.asarray(gray), alpha[:, :, 0]])).save(path("gray-alpha.png"))
    save_png("gray-alpha.png.golden.png", over_white(np.asarray(gray)[:, :, None].repeat(3, 2).astype(float), alpha / 255.0))
    gray.convert("1").save(path("bilevel.png"))
    golden("bilevel.png")
    paletted = Image.fromarray(rgb).quantize(17)
    paletted.save(path("palette.png"), transparency=bytes([255, 0, 128, 254]))
    table = np.array(paletted.getpalette()[:17 * 3], float).reshape(-1, 3)
    opacity = np.ones((17, 1))
    opacity[:4, 0] = np.array([255, 0, 128, 254]) / 255.0
    index = np.asarray(paletted)
    save_png("palette.png.golden.png", over_white(table[index], opacity[index]))
    # 16 bits, rounded to 8 by numpy: Pillow would cut them off.
    wide = np.random.RandomState(2).randint(0, 65536, (h, w, 4)).astype(np.uint16)
    wide[0, :6, 0] = (0, 127, 128, 129, 385, 386)
    big_endian = wide.astype(">u2").view(np.uint8).reshape(h, w, 8)
    value, opacity = wide[:, :, :3] / 257.0, wide[:, :, 3:] / 65535.0
    write_png("rgb16.png", h, w, 16, 2, big_endian[:, :, :6].reshape(h, -1))
    save_png("rgb16.png.golden.png", over_white(value, 1.0))
    write_png("rgba16.png", h, w, 16, 6, big_endian.reshape(h, -1))
    save_png("rgba16.png.golden.png", over_white(value, opacity))
    write_png("gray16.png", h, w, 16, 0, big_endian[:, :, :2].reshape(h, -1))
    save_png("gray16.png.golden.png", over_white(value[:, :, :1].repeat(3, 2), 1.0))
    write_png("exif.png", h, w, 8, 2, rgb.reshape(h, -1), chunk(b"eXIf", exif(6)[6:]))
    golden("exif.png")


def others():
    rgb = picture(21, 27)
    image = Image.fromarray(rgb)
    alpha = np.random.RandomState(3).randint(0, 256, (21, 27, 1)).astype(np.uint8)
    with_alpha = Image.fromarray(np.concatenate([rgb, alpha], 2))
    image.save(path("lossy.webp"), quality=85)
    image.save(path("lossless.webp"), lossless=True)
    Image.fromarray(picture(20, 28)).save(path("exif.webp"), quality=85, exif=exif(8))
    Image.fromarray(picture(1, 1)).save(path("1x1.webp"), quality=85)
    for name in ("lossy.webp", "lossless.webp", "exif.webp", "1x1.webp"):
        golden(name)
    for name, lossless in (("alpha.webp", False), ("alpha-lossless.webp", True)):
        with_alpha.save(path(name), quality=85, lossless=lossless, exact=True)
        back = np.asarray(Image.open(path(name)))
        save_png(name + ".golden.png", over_white(back[:, :, :3].astype(float), back[:, :, 3:] / 255.0))
    image.save(path("animated.webp"), save_all=True, append_images=[ImageOps.mirror(image)], quality=50)
    image.save(path("24.bmp"))
    image.quantize(20).save(path("8.bmp"))
    image.convert("L").save(path("gray.bmp"))
    for name in ("24.bmp", "8.bmp", "gray.bmp"):
        golden(name)
    gifs(image.resize((9, 7)).quantize(8))


def gifs(frame):
    """A GIF of two frames by hand: the first lies at (x 3, y 2) on a screen of 14 x 11, the second is cut off."""
    out = io.BytesIO()
    frame.save(out, "GIF", optimize=False)
    data = out.getvalue()
    flags = data[10]
    table = data[13:13 + 3 * 2 ** ((flags & 7) + 1)]
    at = data.index(b",", 13 + len(table))
    packed = data[at + 10:-1]  # the descriptor has 10 bytes, the trailer 1
    w, h = frame.size
    header = b"GIF89a" + struct.pack("<HHBBB", 14, 11, flags, 0, 0) + table
    with open(path("frames.gif"), "wb") as f:
        f.write(header + b"," + struct.pack("<HHHHB", 3, 2, w, h, 0) + packed + b"," + b"\0" * 5)
    screen = Image.new("RGB", (14, 11), "white")
    screen.paste(frame.convert("RGB"), (3, 2))
    save_png("frames.gif.golden.png", screen)


def resizes():
    base = picture(47, 61)
    save_png("base.png", base)
    for h, w in ((70, 45), (20, 31), (47, 30), (13, 61), (100, 9), (1, 1), (16, 16), (60, 90)):
        save_png(f"resize-{h}x{w}-pillow.png", Image.fromarray(base).resize((w, h), Image.BILINEAR))
        save_png(f"resize-{h}x{w}-opencv.png", cv2.resize(base, (w, h), interpolation=cv2.INTER_LINEAR))


jpegs()
pngs()
others()
resizes()
