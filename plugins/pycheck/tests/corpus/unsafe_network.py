import socket
import urllib.request

urllib.request.urlopen("http://x")
socket.socket()
