// P7's yardstick: what C reaches against the same broker with the bus's own topology and messages: topic exchange, 16
// quorum queues with a single active consumer, persistent messages of 190 bytes with the headers of an envelope, confirms
// with at most 500 outstanding. Prints the rate and the CPU time of this process per event, then deletes what it made.
//
//   cc -O2 -o confirm confirm.c -lrabbitmq && ./confirm HOST PORT EVENTS [WINDOW]
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { QUEUES = 16, BODY = 190, SLOTS = 1 << 16 };

static void fail(const char *what) {
  fprintf(stderr, "%s failed\n", what);
  exit(1);
}
static void check(amqp_connection_state_t c, const char *what) {
  if (amqp_get_rpc_reply(c).reply_type != AMQP_RESPONSE_NORMAL) fail(what);
}
static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}
static amqp_table_entry_t text(const char *key, const char *value) {
  amqp_table_entry_t entry = {.key = amqp_cstring_bytes(key)};
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = amqp_cstring_bytes(value);
  return entry;
}
static amqp_table_entry_t number(const char *key, int64_t value) {
  amqp_table_entry_t entry = {.key = amqp_cstring_bytes(key)};
  entry.value.kind = AMQP_FIELD_KIND_I64;
  entry.value.value.i64 = value;
  return entry;
}

static unsigned char settled[SLOTS];
static uint64_t lowest = 1, next = 1, outstanding;

static void settle(uint64_t tag, int multiple) {
  for (uint64_t one = multiple ? lowest : tag; one <= tag; one++)
    if (!settled[one % SLOTS]) settled[one % SLOTS] = 1, outstanding--;
  while (lowest < next && settled[lowest % SLOTS]) lowest++;
}

/* Takes confirms until nothing has come for `wait`, or at once when something came. */
static void hear(amqp_connection_state_t c, struct timeval wait) {
  for (;;) {
    amqp_frame_t frame;
    int status = amqp_simple_wait_frame_noblock(c, &frame, &wait);
    if (status == AMQP_STATUS_TIMEOUT) return;
    if (status != AMQP_STATUS_OK || frame.frame_type != AMQP_FRAME_METHOD) fail("waiting for confirms");
    if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD) fail("a confirm");
    amqp_basic_ack_t *ack = frame.payload.method.decoded;
    settle(ack->delivery_tag, ack->multiple);
    amqp_maybe_release_buffers(c);
    wait = (struct timeval){0, 0};
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: confirm HOST PORT EVENTS [WINDOW]\n");
    return 2;
  }
  uint64_t events = strtoull(argv[3], 0, 10), window = argc > 4 ? strtoull(argv[4], 0, 10) : 500;
  amqp_connection_state_t c = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(c);
  if (amqp_socket_open(socket, argv[1], atoi(argv[2]))) fail("connecting");
  if (amqp_login(c, "/", 0, 131072, 10, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type != AMQP_RESPONSE_NORMAL)
    fail("log-in");
  amqp_channel_open(c, 1);
  check(c, "channel");
  char prefix[64], exchange[80], queue[96], key[160];
  snprintf(prefix, sizeof prefix, "confirm-%d", (int)getpid());
  snprintf(exchange, sizeof exchange, "%s.events", prefix);
  amqp_exchange_declare(c, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes("topic"), 0, 1, 0, 0, amqp_empty_table);
  check(c, "exchange");
  amqp_table_entry_t arguments[2] = {text("x-queue-type", "quorum"), {.key = amqp_cstring_bytes("x-single-active-consumer")}};
  arguments[1].value.kind = AMQP_FIELD_KIND_BOOLEAN;
  arguments[1].value.value.boolean = 1;
  for (int i = 0; i < QUEUES; i++) {
    snprintf(queue, sizeof queue, "%s.a.p%02d", prefix, i);
    snprintf(key, sizeof key, "p%02d.#", i);
    amqp_queue_declare(c, 1, amqp_cstring_bytes(queue), 0, 1, 0, 0, (amqp_table_t){2, arguments});
    check(c, "queue");
    amqp_queue_bind(c, 1, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange), amqp_cstring_bytes(key), amqp_empty_table);
    check(c, "binding");
  }
  amqp_confirm_select(c, 1);
  check(c, "confirms");

  const char *tenant = "0194222f-a0b0-7000-8000-000000000001";
  unsigned char body[BODY];
  memset(body, 42, sizeof body);
  char id[48];
  amqp_table_entry_t headers[10] = {number("position", 0), number("prev", 0), text("tenant", tenant),
    text("stream", tenant), text("category", "flight"), number("version", 1), text("type", "flight.positions-recorded"),
    number("schema", 1), number("recorded-at", 1767323045000), text("correlation", tenant)};
  amqp_basic_properties_t properties = {0};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.delivery_mode = 2;
  properties.headers = (amqp_table_t){10, headers};

  double start = seconds(), used = cpu();
  for (uint64_t sent = 0; sent < events; sent++) {
    while (outstanding >= window || next - lowest >= SLOTS) hear(c, (struct timeval){5, 0});
    snprintf(key, sizeof key, "p%02d.%s.flight.positions-recorded", (int)(sent % QUEUES), tenant);
    snprintf(id, sizeof id, "0194222f-a0b0-7000-8000-%012llu", (unsigned long long)sent);
    properties.message_id = amqp_cstring_bytes(id);
    headers[0].value.value.i64 = (int64_t)sent + 1;
    headers[1].value.value.i64 = sent < QUEUES ? 0 : (int64_t)sent + 1 - QUEUES;
    settled[next % SLOTS] = 0;
    next++;
    outstanding++;
    if (amqp_basic_publish(c, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes(key), 0, 0, &properties,
          (amqp_bytes_t){sizeof body, body})) fail("publishing");
  }
  while (outstanding > 0) hear(c, (struct timeval){5, 0});
  double took = seconds() - start;
  used = cpu() - used;
  printf("c       window %llu: %llu events, %.2f s, %.0f/s, %.2f us CPU each\n", (unsigned long long)window,
    (unsigned long long)events, took, (double)events / took, used / (double)events * 1e6);

  for (int i = 0; i < QUEUES; i++) {
    snprintf(queue, sizeof queue, "%s.a.p%02d", prefix, i);
    amqp_queue_delete(c, 1, amqp_cstring_bytes(queue), 0, 0);
  }
  amqp_exchange_delete(c, 1, amqp_cstring_bytes(exchange), 0);
  amqp_connection_close(c, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(c);
  return 0;
}
