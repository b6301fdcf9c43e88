"""A pseudo-terminal as a serial line: prints the path of its far end, then carries bytes between it and
standard input and output. Ends with its input, which to the far end is an adapter being unplugged."""
import os
import select
import sys
import tty

near, far = os.openpty()
tty.setraw(near)
tty.setraw(far)
sys.stdout.write(os.ttyname(far) + "\n")
sys.stdout.flush()
os.close(far)
while True:
    ready, _, _ = select.select([near, 0], [], [])
    if 0 in ready:
        data = os.read(0, 4096)
        if not data:
            break
        os.write(near, data)
    if near in ready:
        try:
            os.write(1, os.read(near, 4096))
        except OSError:
            # Nobody has the far end open; look again shortly, and at the input meanwhile.
            if select.select([0], [], [], 0.02)[0]:
                data = os.read(0, 4096)
                if not data:
                    break
