/*
 * The floor of what a UDP answer costs on this machine: receives and sends in batches, copies a prebuilt answer behind the question.
 * No cache, no look-up, no counting. Usage: floor PORT RCODE
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, SLOT = 1500, HEADER = 12 };

/* A record of the question's name: A, class IN, 3600 s, 192.0.2.1. */
static const uint8_t record[] = {0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1};

static uint8_t data[BATCH][SLOT];
static struct sockaddr_in peers[BATCH];
static struct iovec slots[BATCH];
static struct mmsghdr messages[BATCH];

/* Turns the query in `message` into its answer and returns the answer's length; 0 for what is no query. */
static size_t answer(uint8_t *message, size_t length, uint8_t rcode) {
  size_t end = HEADER;
  if (length < HEADER + 5 || (message[2] & 0x80) != 0) return 0;
  while (end < length && message[end] != 0) end += message[end] + 1u;
  end += 5;
  if (end > length || end + sizeof record > SLOT) return 0;
  message[2] |= 0x80;
  message[3] = 0x80 | rcode;
  message[7] = rcode == 0;
  message[11] = 0;
  if (rcode != 0) return end;
  memcpy(message + end, record, sizeof record);
  return end + sizeof record;
}

static void serve(int descriptor, uint8_t rcode) {
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      slots[i].iov_len = SLOT;
      messages[i].msg_hdr.msg_namelen = sizeof peers[i];
    }
    int received = recvmmsg(descriptor, messages, BATCH, MSG_WAITFORONE, NULL);
    if (received < 0 && errno != EINTR) {
      perror("recvmmsg");
      exit(1);
    }
    int answers = 0;
    for (int i = 0; i < received; i++) {
      struct iovec *slot = messages[i].msg_hdr.msg_iov;
      size_t length = answer(slot->iov_base, messages[i].msg_len, rcode);
      if (length == 0) continue;
      slot->iov_len = length;
      if (answers != i) {
        /* The headers change places, so that what is sent stands in a row. */
        struct mmsghdr other = messages[answers];
        messages[answers] = messages[i];
        messages[i] = other;
      }
      answers++;
    }
    for (int sent = 0; sent < answers;) {
      int more = sendmmsg(descriptor, messages + sent, answers - sent, 0);
      sent += more > 0 ? more : 1;
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: floor PORT RCODE\n");
    return 2;
  }
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  int size = 4 << 20;
  struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (bind(descriptor, (struct sockaddr *)&own, sizeof own) < 0) {
    perror("bind");
    return 1;
  }
  for (int i = 0; i < BATCH; i++) {
    slots[i].iov_base = data[i];
    messages[i].msg_hdr.msg_iov = &slots[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &peers[i];
  }
  serve(descriptor, (uint8_t)atoi(argv[2]));
}
