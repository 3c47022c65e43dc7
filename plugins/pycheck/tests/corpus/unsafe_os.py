import os

os.system("ls")
os.popen("ls")
os.execl("/bin/ls", "ls")
os.spawnlp(os.P_WAIT, "ls", "ls")
