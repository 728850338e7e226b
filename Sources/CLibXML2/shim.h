#ifndef CLIBXML2_SHIM_H
#define CLIBXML2_SHIM_H

/* With ICU switched on, libxml2's headers declare a type that Foundation declares differently. It changes only the tail
   of a struct that is used by pointer. */
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/SAX2.h>

#endif
