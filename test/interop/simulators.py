"""Reads the simulated campus with pymodbus; prints one JSON document. Arguments: port of line a1."""
import json
import struct
import sys

from pymodbus.client import ModbusTcpClient

client = ModbusTcpClient("127.0.0.1", port=int(sys.argv[1]), timeout=3)
client.connect()


def single(registers):
    return struct.unpack(">f", struct.pack(">HH", *registers))[0]


METER, RELAYS = 2, int(sys.argv[2])
power = client.read_input_registers(0x34, 2, slave=METER)
block = client.read_input_registers(0, 80, slave=METER)
too_many = client.read_input_registers(0, 81, slave=METER)
wrong_function = client.read_holding_registers(0, 2, slave=METER)
nobody = client.read_input_registers(0, 2, slave=99)
before = client.read_coils(0, 8, slave=RELAYS).bits
written = client.write_coil(0, not before[0], slave=RELAYS)
after = client.read_coils(0, 8, slave=RELAYS).bits
print(
    json.dumps(
        {
            "power": single(power.registers),
            "registers": len(block.registers),
            "tooMany": too_many.exception_code,
            "wrongFunction": wrong_function.exception_code,
            "nobody": nobody.exception_code,
            "before": before[:8],
            "written": not written.isError(),
            "after": after[:8],
        }
    )
)
client.close()
