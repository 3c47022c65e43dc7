import subprocess
import xml.dom.minidom
import xml.etree.ElementTree as ET
import xml.sax

import yaml

print(yaml.load("a", Loader=yaml.Loader))
print(ET.fromstring("<a/>"), xml.dom.minidom.parseString("<a/>"))
xml.sax.parseString("<a/>", None)
for command in ["ls"]:
    try:
        subprocess.run(command)
    except Exception:
        continue
try:
    subprocess.run("ls")
except:
    pass
