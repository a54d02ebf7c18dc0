/* path.h - what a znode's path may look like. Pure. */
#ifndef COORD_STATE_PATH_H
#define COORD_STATE_PATH_H

#include "base/slice.h"

#include <stdbool.h>

/* True for "/" and for "/" + components joined by "/": each not empty, not "." or "..", in valid UTF-8 without U+0000-001F,
 * U+007F-009F, U+D800-F8FF, U+FFF0-FFFF and anything beyond the basic plane. */
bool path_valid(struct slice path);

/* True for the paths that nobody may delete: of the root and of /zookeeper and what the server itself has below it. */
bool path_reserved(struct slice path);

/* The rules for one component; a component has no slash. */
bool path_component_valid(struct slice name);

/* Cuts at the last slash: "/a/b" into "/a" and "b", "/a" into "" and "a". False when the path has no slash, or a NUL: what
 * create and delete ask of a path before they look at the tree. */
bool path_split(struct slice path, struct slice *parent, struct slice *name);

#endif
