import os

for name in ["system"]:
    getattr(os, name)("ls")
