rows = [1, 2]
copy = rows[:]
del rows[0]
temporary = copy
del temporary
print(copy, rows)
