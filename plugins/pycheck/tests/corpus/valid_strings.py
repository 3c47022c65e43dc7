import datetime as dt

today = dt.date(2024, 1, 1)
width = 10
print(f"{today:%Y-%m-%d} {'x'!r:>{width}} {{literal}}", "%s %d" % ("a", 1), "{} {b}".format(1, b=2))
text = """a
b""" + 'c' 'd'
raw = r"\d+"
print(text, raw, b"bytes", 0x1F, 1_000, 1e-3, ...)
