#ifndef ALBATROSS_REFERENCE_DATA_H
#define ALBATROSS_REFERENCE_DATA_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The built-in world list of airports: UTF-8, one airport a line, each line ended by '\n', ordered by its first column.
///
/// Columns, parted by tabs: ICAO code (four of A-Z and 0-9), IATA code (may be empty), name, country (ISO 3166-1
/// alpha-2), latitude and longitude (degrees, WGS-84, north and east positive), elevation (feet above mean sea level).
/// There is no heading line.
///
/// @param length Receives the number of bytes, without the terminating zero; may be NULL.
/// @return Constant memory that is never freed.
const char *alb_airports_tsv(size_t *length);

#ifdef __cplusplus
}
#endif

#endif
