values = [n for n in range(3)]
print(n)
print([m for k in values])
