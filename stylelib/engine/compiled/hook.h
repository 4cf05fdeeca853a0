#ifndef STYLEBOOK_COMPILED_H
#define STYLEBOOK_COMPILED_H

#include <stddef.h>

// compiled_hook makes the plugin that is loaded from path ask compiledFind before it compiles a program, and tell compiledStore
// what it has compiled. It returns NULL, or why it can't be done.
const char *compiled_hook(const char *path);

#endif
