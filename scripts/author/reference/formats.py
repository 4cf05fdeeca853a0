"""Makes the pictures of uncommon kinds that stylelib's image tests compare with: stylelib/internal/imagefile/testdata/formats.

Run by hand from the repository's root:

    python scripts/author/reference/formats.py stylelib/internal/imagefile/testdata/formats

Made with Python 3.11, Pillow 13.0.0, pillow-heif 1.8.1, numpy 2.4.6.

X.heic, X.avif, X.tif, X.bmp, X.png, X.gif, X.webp   an input
X.golden.png                                         what Pillow, or numpy where it says so, makes of it

The JPEGs are not made here: they come from libjpeg-turbo's and ImageMagick's programs, with bytes taken away. Only their goldens are.
"""
import glob
import os
import struct
import sys
import zlib

import numpy as np
import pillow_heif
from PIL import Image, ImageFile, ImageOps

OUT = sys.argv[1]
os.makedirs(OUT, exist_ok=True)
ImageFile.LOAD_TRUNCATED_IMAGES = True
pillow_heif.register_heif_opener()


def path(name):
    return os.path.join(OUT, name)


def picture(h, w, seed=7):
    """A synthetic RGB picture with smooth colours, edges and a little noise, uint8 [h, w, 3]."""
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    p = np.stack([255 * x / max(w - 1, 1), 127 + 110 * np.sin(x * y / 60.0), 255 * ((x // 9 + y // 7) % 2)], 2) + rng.randn(h, w, 3) * 3
    p[(x - w / 2) ** 2 + (y - h / 2) ** 2 < (min(h, w) / 4) ** 2] = (230, 20, 40)
    return np.clip(p.round(), 0, 255).astype(np.uint8)


def over_white(rgb, alpha):
    return np.floor(rgb * alpha + 255 * (1 - alpha) + 0.5).astype(np.uint8)


def save(name, array):
    Image.fromarray(array).save(path(name + ".golden.png"), optimize=True)


def golden(name):
    """Writes what Pillow makes of an input, upright, over white."""
    image = ImageOps.exif_transpose(Image.open(path(name)))
    if image.mode in ("RGBA", "LA") or "transparency" in image.info:
        rgba = np.asarray(image.convert("RGBA")).astype(float)
        save(name, over_white(rgba[:, :, :3], rgba[:, :, 3:] / 255))
    else:
        save(name, np.asarray(image.convert("RGB")))


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


RGB = Image.fromarray(picture(48, 62))  # even: libraries turn odd ones differently
ALPHA = Image.fromarray(np.dstack([picture(48, 62), np.linspace(0, 255, 48 * 62).reshape(48, 62).astype(np.uint8)]))


def heifs():
    with open(path("../colours/srgb-v2.icc"), "rb") as f:
        profile = f.read()
    RGB.save(path("plain.heic"), quality=80, icc_profile=profile)
    RGB.save(path("444.heic"), quality=80, chroma=444)
    RGB.convert("L").save(path("gray.heic"), quality=80)
    ALPHA.save(path("alpha.heic"), quality=80)
    Image.fromarray(picture(47, 61)).save(path("odd.heic"), quality=80)
    Image.fromarray(picture(47, 61)).save(path("odd.avif"), quality=70)
    Image.fromarray(picture(90, 140)).save(path("wide.heic"), quality=60)
    RGB.save(path("turned.heic"), quality=80, exif=exif(6))
    RGB.save(path("plain.avif"), quality=70)
    RGB.save(path("444.avif"), quality=80, subsampling="4:4:4")
    RGB.convert("L").save(path("gray.avif"), quality=80)
    ALPHA.save(path("alpha.avif"), quality=80)
    RGB.save(path("limited.avif"), quality=80, range="limited")
    for orientation in (2, 5, 6, 7, 8):
        RGB.save(path(f"turned-{orientation}.avif"), quality=70, exif=exif(orientation))
    deep = np.asarray(RGB).astype(np.uint16) * 257
    heif = pillow_heif.from_bytes(mode="RGB;16", size=(62, 48), data=deep.tobytes())
    heif.save(path("deep.heic"), quality=90)


def boxes(data):
    while len(data) >= 8:
        size = struct.unpack(">I", data[:4])[0]
        yield data[4:8], data[8:size]
        data = data[size:]


def box(kind, *content):
    content = b"".join(content)
    return struct.pack(">I", 8 + len(content)) + kind + content


def grid():
    """Writes a HEIC as phones do, a grid of tiles, turned: four of 64 x 64 for a picture of 100 x 120."""
    whole = np.pad(picture(100, 120), ((0, 28), (0, 8), (0, 0)), mode="edge")
    tiles, config = [], None
    for y in (0, 64):
        for x in (0, 64):
            Image.fromarray(whole[y:y + 64, x:x + 64]).save(path("tile"), "HEIF", quality=80)
            with open(path("tile"), "rb") as f:
                top = dict(boxes(f.read()))
            properties = dict(boxes(dict(boxes(dict(boxes(top[b"meta"][4:]))[b"iprp"]))[b"ipco"]))
            config = config or properties[b"hvcC"]
            tiles.append(top[b"mdat"])
    os.remove(path("tile"))
    ispe = lambda w, h: box(b"ispe", bytes(4), struct.pack(">II", w, h))
    infe = lambda i, kind: box(b"infe", b"\2\0\0\0", struct.pack(">HH", i, 0), kind, b"\0")
    layout = bytes([0, 0, 1, 1]) + struct.pack(">HH", 120, 100)
    properties = box(b"ipco", ispe(120, 100), box(b"irot", b"\1"), ispe(64, 64), box(b"hvcC", config))
    uses = struct.pack(">HB", 1, 2) + bytes([1, 2]) + b"".join(struct.pack(">HB", i, 2) + bytes([3, 0x84]) for i in range(2, 6))
    head = [box(b"hdlr", bytes(8), b"pict", bytes(13)), box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(b"iinf", bytes(4), struct.pack(">H", 5), infe(1, b"grid"), *(infe(i, b"hvc1") for i in range(2, 6))),
            box(b"iref", bytes(4), box(b"dimg", struct.pack(">HH4H", 1, 4, 2, 3, 4, 5))),
            box(b"iprp", properties, box(b"ipma", bytes(4), struct.pack(">I", 5), uses))]
    ftyp = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    iloc = lambda base: box(b"iloc", bytes(4), b"\x44\0", struct.pack(">H", 5), *(
        struct.pack(">HHHII", i, 0, 1, base + sum(len(t) for t in ([layout] + tiles)[:i - 1]), len(t)) for i, t in enumerate([layout] + tiles, 1)))
    meta = lambda base: box(b"meta", bytes(4), *head, iloc(base))
    with open(path("grid.heic"), "wb") as f:
        f.write(ftyp + meta(len(ftyp) + len(meta(0)) + 8) + box(b"mdat", layout, *tiles))


def tiff(name, order, rows, bits, samples, photometric, extra=(), tile=None):
    """Writes a TIFF without compression by hand: rows are bytes [h, n]."""
    h, w = rows.shape[0], rows.shape[1] * 8 // (bits * samples)
    chunks = [rows.tobytes()]
    where, sizes, layout = 273, 279, [(278, 4, [h])]
    if tile:
        each = bits * samples // 8
        padded = np.pad(rows.reshape(h, w, each), ((0, -h % tile), (0, -w % tile), (0, 0)), mode="edge")
        chunks = [padded[y:y + tile, x:x + tile].tobytes() for y in range(0, h, tile) for x in range(0, w, tile)]
        where, sizes, layout = 324, 325, [(322, 4, [tile]), (323, 4, [tile])]
    at, offsets = 8, []
    for c in chunks:
        offsets.append(at)
        at += len(c)
    tags = [(256, 4, [w]), (257, 4, [h]), (258, 3, [bits] * samples), (259, 3, [1]), (262, 3, [photometric]), (277, 3, [samples]),
            (where, 4, offsets), (sizes, 4, [len(c) for c in chunks])] + layout + list(extra)
    far, entries = at + 2 + 12 * len(tags) + 4, b""
    tail = b""
    for tag, kind, values in sorted(tags):
        packed = struct.pack(f"{order}{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            tail, packed = tail + packed, struct.pack(order + "I", far + len(tail))
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    with open(path(name), "wb") as f:
        f.write((b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at) + b"".join(chunks))
        f.write(struct.pack(order + "H", len(tags)) + entries + b"\0" * 4 + tail)


def tiffs():
    for name, compression in (("lzw", "tiff_lzw"), ("deflate", "tiff_adobe_deflate"), ("packbits", "packbits")):
        RGB.save(path(name + ".tif"), compression=compression)
    RGB.convert("1").save(path("group4.tif"), compression="group4")
    RGB.convert("1").save(path("group3.tif"), compression="group3")
    RGB.convert("1").save(path("group4-white.tif"), compression="group4", tiffinfo={262: 0})
    RGB.convert("L").save(path("gray.tif"), compression="tiff_lzw")
    RGB.quantize(20).save(path("palette.tif"))
    RGB.save(path("turned.tif"), tiffinfo={274: 6})
    ALPHA.save(path("alpha.tif"), compression="tiff_lzw")
    rgb = np.asarray(RGB)
    tiff("big-endian.tif", ">", rgb.reshape(48, -1), 8, 3, 2)
    tiff("tiled.tif", "<", rgb.reshape(48, -1), 8, 3, 2, tile=16)
    inks = np.asarray(RGB.convert("CMYK")).copy()
    inks[:, :, 3] = 40
    tiff("inks.tif", "<", inks.reshape(48, -1), 8, 4, 5)
    tiff("inks-tiled.tif", ">", inks.reshape(48, -1), 8, 4, 5, tile=32)
    tiff("inks16.tif", ">", (inks.astype(">u2") * 257).astype(">u2").view(np.uint8).reshape(48, -1), 16, 4, 5)
    wide = np.random.RandomState(2).randint(0, 65536, (19, 23, 3)).astype(np.uint16)
    for name, order in (("rgb16.tif", "<"), ("rgb16-big-endian.tif", ">")):
        tiff(name, order, wide.astype(order + "u2").view(np.uint8).reshape(19, -1), 16, 3, 2)
        save(name, over_white(wide / 257.0, 1.0))  # rounded by numpy: Pillow would cut the digits off


def bmp(name, header, masks, palette, pixels, gap=0):
    """Writes a BMP by hand."""
    at = 14 + len(header) + len(masks) + len(palette) + gap
    with open(path(name), "wb") as f:
        f.write(b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + header + masks + palette + b"\0" * gap + pixels)


def bmps():
    h, w = 21, 27
    rgb = picture(h, w).astype(np.uint32)
    info = lambda bits, packing, height=h, size=40, colours=0: struct.pack("<IiiHHIIiiII", size, w, height, 1, bits, packing, 0, 0, 0, colours, 0)
    rows = lambda a: b"".join(r.tobytes().ljust((len(r.tobytes()) + 3) & ~3, b"\0") for r in a[::-1])
    r, g, b = (rgb[:, :, i] for i in range(3))
    bmp("565.bmp", info(16, 3), struct.pack("<III", 0xF800, 0x7E0, 0x1F), b"", rows((r >> 3 << 11 | g >> 2 << 5 | b >> 3).astype("<u2")))
    bmp("555.bmp", info(16, 0), b"", b"", rows((r >> 3 << 10 | g >> 3 << 5 | b >> 3).astype("<u2")))
    bmp("fields.bmp", info(32, 3), struct.pack("<III", 0xFF, 0xFF00, 0xFF0000), b"", rows((b << 16 | g << 8 | r).astype("<u4")))
    save("fields.bmp", picture(h, w))  # Pillow doesn't take these masks
    bmp("upside-down.bmp", info(24, 0, -h), b"", b"", rows(np.asarray(rgb[::-1, :, ::-1], np.uint8)))
    paletted = Image.fromarray(picture(h, w)).quantize(16)
    index, table = np.asarray(paletted), np.array(paletted.getpalette()[:48], np.uint8).reshape(-1, 3)[:, ::-1]
    four = np.pad(table, ((0, 0), (0, 1)))
    nibbles = np.pad(index, ((0, 0), (0, 1)))
    packed = (nibbles[:, ::2] << 4 | nibbles[:, 1::2]).astype(np.uint8)
    bmp("4-gap.bmp", info(4, 0, colours=16), b"", four.tobytes(), rows(packed), gap=6)
    bmp("os2.bmp", struct.pack("<IHHHH", 12, w, h, 1, 8), b"", np.pad(table, ((0, 240), (0, 0))).tobytes(), rows(index))
    bmp("os2-24.bmp", struct.pack("<IHHHH", 12, w, h, 1, 24), b"", b"", rows(np.asarray(rgb[:, :, ::-1], np.uint8)))
    runs, literal = b"", b""
    for row in index[::-1]:
        x = 0
        while x < w:
            n = next((i for i in range(1, w - x) if row[x + i] != row[x]), w - x)
            runs += bytes([n, row[x]])
            x += n
        runs += b"\0\0"
        literal += bytes([0, w]) + row.tobytes() + b"\0" * (w % 2) + b"\0\0"
    bmp("rle8.bmp", info(8, 1, colours=16), b"", four.tobytes(), runs + b"\0\1")
    bmp("rle8-literal.bmp", info(8, 1, colours=16), b"", four.tobytes(), literal + b"\0\1")
    fours = b"".join(bytes([0, w]) + p.tobytes() + b"\0" * (len(p) % 2) + b"\0\0" for p in packed[::-1])
    bmp("rle4.bmp", info(4, 2, colours=16), b"", four.tobytes(), fours + b"\0\1")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(name, *chunks):
    with open(path(name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def pngs():
    rgb = picture(19, 23)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 23, 19, 8, 2, 0, 0, 0))
    raw = b"".join(b"\0" + row.tobytes() for row in rgb)
    pixels, end = chunk(b"IDAT", zlib.compress(raw, 9)), chunk(b"IEND", b"")
    text = chunk(b"tEXt", b"Title\0x")
    png("bad-text.png", header, text[:-1] + b"?", pixels, end)
    png("no-end.png", header, pixels)
    png("no-checksum.png", header, pixels[:-4])
    png("more-rows.png", header, chunk(b"IDAT", zlib.compress(raw + raw[:70], 9)), end)
    png("cut.png", header, chunk(b"IDAT", zlib.compress(raw[:15 * 70 + 9], 9))[:-4])
    cut = rgb.copy()
    cut[15:] = 128
    save("cut.png", cut)
    for name in ("bad-text.png", "no-end.png", "no-checksum.png", "more-rows.png"):
        save(name, rgb)
    paletted = Image.fromarray(rgb).quantize(17)
    index, table = np.asarray(paletted), np.array(paletted.getpalette()[:51], np.uint8).reshape(-1, 3)
    packed = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in index), 9))
    png("early-trns.png", chunk(b"IHDR", struct.pack(">IIBBBBB", 23, 19, 8, 3, 0, 0, 0)), chunk(b"tRNS", b"\xff\0\x80"), chunk(b"PLTE", table.tobytes()), packed, end)
    opacity = np.ones((17, 1))
    opacity[1:3, 0] = (0, 128 / 255)
    save("early-trns.png", over_white(table[index].astype(float), opacity[index]))
    coded(header, pixels, end, rgb)


SRGB_XYZ = np.array([[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]])  # IEC 61966-2-1
P3_XYZ = np.array([[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0.0, 0.0451134, 1.0439444]])  # SMPTE EG 432-1
BT2020_XYZ = np.array([[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017], [0.0, 0.0280727, 1.0609851]])  # BT.2020


def encode(light):
    light = np.clip(light, 0, 1)
    return np.floor(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) + 0.5).astype(np.uint8)


def coded(header, pixels, end, rgb):
    """Pictures with cICP: Display P3, and BT.2020 with PQ and HLG, rolled off above three quarters of paper white (203 cd/m²)."""
    v = rgb / 255.0
    linear = np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)
    to_srgb = lambda light, m: light @ m.T @ np.linalg.inv(SRGB_XYZ).T
    png("p3.png", header, chunk(b"cICP", bytes([12, 13, 0, 1])), pixels, end)
    save("p3.png", encode(to_srgb(linear, P3_XYZ)))
    p = v ** (32 / 2523)
    pq = 10000 / 203 * (np.maximum(p - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * p)) ** (16384 / 2610)
    hlg = 1000 / 203 * np.where(v <= 0.5, v * v / 3, (np.exp((v - 0.55991073) / 0.17883277) + 0.28466892) / 12) ** 1.2
    for name, transfer, light in (("pq.png", 16, pq), ("hlg.png", 18, hlg)):
        light = np.maximum(to_srgb(light, BT2020_XYZ), 0)
        most = light.max(2, keepdims=True)
        over = np.maximum(most - 0.75, 0)
        light = np.where(most > 0.75, light * (0.75 + 0.25 * over / (over + 0.25)) / np.maximum(most, 1e-9), light)
        png(name, header, chunk(b"cICP", bytes([9, transfer, 0, 1])), pixels, end)
        save(name, encode(light))


def animations():
    first = Image.fromarray(np.dstack([picture(21, 27), np.full((21, 27), 255, np.uint8)]))
    first.paste((0, 0, 0, 0), (0, 0, 8, 8))
    second = ImageOps.mirror(first)
    first.save(path("lossless.webp"), save_all=True, append_images=[second], lossless=True, exact=True)
    first.save(path("lossy.webp"), save_all=True, append_images=[second], quality=80)
    frame = Image.fromarray(picture(7, 9)).quantize(8)
    frame.save(path("beyond.gif"))
    with open(path("beyond.gif"), "r+b") as f:  # a screen of 5 × 4
        f.seek(6)
        f.write(struct.pack("<HH", 5, 4))


heifs()
grid()
tiffs()
bmps()
pngs()
animations()
for file in sorted(glob.glob(path("*"))):
    if not file.endswith(".golden.png") and not os.path.exists(file + ".golden.png"):
        golden(os.path.basename(file))
