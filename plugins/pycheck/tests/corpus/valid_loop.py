previous = None
for index in range(10):
    if index:
        print(seen)
    seen = index
    previous, current = seen, previous
else:
    print(index, current)
