try:
    import numpy as np
except ImportError:
    np = None

try:
    unicode
except NameError:
    unicode = str

while True:
    try:
        value = int("1")
    except (ValueError, TypeError) as error:
        print(error)
        continue
    else:
        break
    finally:
        print("done")

with open("s3.txt") as source, open("t.txt") as target:
    print(source, target, value, np, unicode)
