name = "x"
print(f"{name} {nme:>{wdth}}")
