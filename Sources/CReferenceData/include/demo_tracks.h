#ifndef ALBATROSS_DEMO_TRACKS_H
#define ALBATROSS_DEMO_TRACKS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Recorded flights for the demonstration: ASCII, each line ended by '\n', cells parted by tabs.
///
/// A line that begins with '>' starts a track: name, time of its first row (ISO 8601), callsign. Every other line is a row of
/// it: seconds since the first row, latitude and longitude (degrees), pressure altitude (feet), ground speed (knots), track
/// (degrees true), vertical rate (feet a minute), on ground (1 or 0); all but the first three may be empty.
///
/// @param length Receives the number of bytes, without the terminating zero; may be NULL.
/// @return Constant memory that is never freed.
const char *alb_demo_tracks(size_t *length);

#ifdef __cplusplus
}
#endif

#endif
