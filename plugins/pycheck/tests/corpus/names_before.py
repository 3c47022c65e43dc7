print(total)
total = 1
