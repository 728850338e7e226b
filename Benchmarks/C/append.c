// P3's yardstick: what C reaches on the store's own schema and settings. One thread; 1,000 streams; the expected version
// of each append is looked up in the table; `group` appends share one commit, as the store's append loop groups what waits.
//
//   cc -O2 -o append append.c -lsqlite3 && ./append FILE EVENTS_PER_APPEND APPENDS_PER_COMMIT SECONDS
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static void check(int code, sqlite3 *db, const char *what) {
  if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
  fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
  exit(1);
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: append FILE EVENTS_PER_APPEND APPENDS_PER_COMMIT SECONDS\n");
    return 2;
  }
  int batch = atoi(argv[2]), group = atoi(argv[3]);
  double limit = atof(argv[4]);
  sqlite3 *db;
  check(sqlite3_open(argv[1], &db), db, "open");
  check(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000;"
    "CREATE TABLE event_head (id INTEGER PRIMARY KEY, position INTEGER NOT NULL); INSERT INTO event_head VALUES (1, 0);"
    "CREATE TABLE event (position INTEGER PRIMARY KEY, tenant BLOB NOT NULL, category TEXT NOT NULL, stream BLOB NOT NULL,"
    " version INTEGER NOT NULL, event_id BLOB NOT NULL, type INTEGER NOT NULL, schema INTEGER NOT NULL,"
    " correlation BLOB NOT NULL, causation BLOB, recorded_at INTEGER NOT NULL, crc INTEGER NOT NULL, payload BLOB NOT NULL,"
    " UNIQUE (tenant, category, stream, version));", 0, 0, 0), db, "schema");
  sqlite3_stmt *begin, *commit, *head, *setHead, *last, *insert;
  check(sqlite3_prepare_v2(db, "BEGIN IMMEDIATE", -1, &begin, 0), db, "begin");
  check(sqlite3_prepare_v2(db, "COMMIT", -1, &commit, 0), db, "commit");
  check(sqlite3_prepare_v2(db, "SELECT position FROM event_head WHERE id = 1", -1, &head, 0), db, "head");
  check(sqlite3_prepare_v2(db, "UPDATE event_head SET position = ? WHERE id = 1", -1, &setHead, 0), db, "set head");
  check(sqlite3_prepare_v2(db, "SELECT max(version) FROM event WHERE tenant = ? AND category = ? AND stream = ?", -1, &last, 0), db, "last");
  check(sqlite3_prepare_v2(db, "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", -1, &insert, 0), db, "insert");
  unsigned char tenant[16] = {1}, stream[16] = {2}, id[16] = {3}, correlation[16] = {4}, payload[200];
  memset(payload, 42, sizeof payload);
  int64_t count = 0;
  int next = 0;
  double start = seconds();
  while (seconds() - start < limit) {
    check(sqlite3_step(begin), db, "begin"); sqlite3_reset(begin);
    check(sqlite3_step(head), db, "head");
    int64_t position = sqlite3_column_int64(head, 0);
    sqlite3_reset(head);
    for (int append = 0; append < group; append++, next = (next + 1) % 1000) {
      memcpy(stream, &next, sizeof next);
      sqlite3_bind_blob(last, 1, tenant, 16, SQLITE_STATIC);
      sqlite3_bind_text(last, 2, "flight", 6, SQLITE_STATIC);
      sqlite3_bind_blob(last, 3, stream, 16, SQLITE_STATIC);
      check(sqlite3_step(last), db, "last");
      int64_t version = sqlite3_column_int64(last, 0);
      sqlite3_reset(last);
      for (int event = 0; event < batch; event++) {
        position++;
        memcpy(id, &position, sizeof position);
        sqlite3_bind_int64(insert, 1, position);
        sqlite3_bind_blob(insert, 2, tenant, 16, SQLITE_STATIC);
        sqlite3_bind_text(insert, 3, "flight", 6, SQLITE_STATIC);
        sqlite3_bind_blob(insert, 4, stream, 16, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 5, ++version);
        sqlite3_bind_blob(insert, 6, id, 16, SQLITE_STATIC);
        sqlite3_bind_int64(insert, 7, 1);
        sqlite3_bind_int64(insert, 8, 1);
        sqlite3_bind_blob(insert, 9, correlation, 16, SQLITE_STATIC);
        sqlite3_bind_null(insert, 10);
        sqlite3_bind_int64(insert, 11, 1790000000000);
        sqlite3_bind_int64(insert, 12, position * 2654435761u & 0xffffffff);
        sqlite3_bind_blob(insert, 13, payload, sizeof payload, SQLITE_STATIC);
        check(sqlite3_step(insert), db, "insert");
        sqlite3_reset(insert);
        count++;
      }
    }
    sqlite3_bind_int64(setHead, 1, position);
    check(sqlite3_step(setHead), db, "set head"); sqlite3_reset(setHead);
    check(sqlite3_step(commit), db, "commit"); sqlite3_reset(commit);
  }
  double elapsed = seconds() - start;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  printf("| C append-sqlite | %d events an append, %d appends a commit | %lld | %.0f | %.1f | | | | | | |\n", batch, group,
    (long long)count, count / elapsed, cpu / (double)count * 1e6);
  return 0;
}
