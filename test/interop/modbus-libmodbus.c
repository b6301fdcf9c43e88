/* A Modbus server of libmodbus: `tcp` prints its port, `rtu` the path of a pseudo-terminal, then serves. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static modbus_mapping_t *registers(void) {
  modbus_mapping_t *map = modbus_mapping_new(20, 20, 20, 20);
  const uint16_t held[] = {0x4366, 0x3334, 0xffff, 0xfff6, 0x5678, 0x1234, 0, 0, 1, 0x20};
  memcpy(map->tab_registers, held, sizeof held);
  for (int i = 0; i < 20; i++) map->tab_input_registers[i] = 1000 + i;
  map->tab_input_bits[3] = 1;
  return map;
}

static void serve(modbus_t *bus, modbus_mapping_t *map) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  for (;;) {
    int length = modbus_receive(bus, query);
    if (length < 0) return;
    if (length > 0) modbus_reply(bus, query, length, map);
  }
}

int main(int count, char **words) {
  modbus_mapping_t *map = registers();
  if (count > 1 && strcmp(words[1], "rtu") == 0) {
    int near = posix_openpt(O_RDWR | O_NOCTTY);
    if (near < 0 || grantpt(near) || unlockpt(near)) return 1;
    int far = open(ptsname(near), O_RDWR | O_NOCTTY);
    struct termios raw;
    tcgetattr(far, &raw);
    cfmakeraw(&raw);
    tcsetattr(far, TCSANOW, &raw);
    modbus_t *bus = modbus_new_rtu("/dev/null", 115200, 'N', 8, 1);
    modbus_set_slave(bus, 1);
    modbus_set_socket(bus, near);
    printf("%s\n", ptsname(near));
    fflush(stdout);
    for (;;) serve(bus, map);
  }
  modbus_t *bus = modbus_new_tcp("127.0.0.1", 0);
  int listening = modbus_tcp_listen(bus, 1);
  struct sockaddr_in bound;
  socklen_t size = sizeof bound;
  if (listening < 0 || getsockname(listening, (struct sockaddr *)&bound, &size)) return 1;
  printf("%d\n", ntohs(bound.sin_port));
  fflush(stdout);
  for (;;) {
    modbus_tcp_accept(bus, &listening);
    serve(bus, map);
    modbus_close(bus);
  }
}
