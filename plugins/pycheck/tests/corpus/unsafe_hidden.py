import os

run = getattr(os, "sys" + "tem")
run("ls")
modules = [os]
modules[0].system("ls")
