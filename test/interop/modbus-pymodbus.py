"""A Modbus server of pymodbus: `tcp` or `rtu-over-tcp` in the first word, prints its port, then serves."""
import asyncio
import sys

from pymodbus.datastore import (
    ModbusSequentialDataBlock,
    ModbusServerContext,
    ModbusSlaveContext,
)
from pymodbus.server.async_io import ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

held = [0x4366, 0x3334, 0xFFFF, 0xFFF6, 0x5678, 0x1234, 0, 0, 1, 0x20] + [0] * 10


async def main():
    bits = [0] * 20
    bits[3] = 1
    unit = ModbusSlaveContext(
        di=ModbusSequentialDataBlock(0, bits),
        co=ModbusSequentialDataBlock(0, [0] * 20),
        hr=ModbusSequentialDataBlock(0, held),
        ir=ModbusSequentialDataBlock(0, [1000 + i for i in range(20)]),
        zero_mode=True,
    )
    framer = ModbusSocketFramer if sys.argv[1] == "tcp" else ModbusRtuFramer
    server = ModbusTcpServer(
        ModbusServerContext(slaves={1: unit}, single=False),
        framer=framer,
        address=("127.0.0.1", 0),
        ignore_missing_slaves=True,
    )
    serving = asyncio.ensure_future(server.serve_forever())
    await server.serving
    print(server.server.sockets[0].getsockname()[1], flush=True)
    await serving


asyncio.run(main())
