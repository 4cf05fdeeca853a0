//go:build cgo && !noxla

package engine

// #include <malloc.h>
//
// static void give_memory_back(void) {
// #ifdef __GLIBC__
// 	mallopt(M_ARENA_MAX, 1);
// 	mallopt(M_MMAP_THRESHOLD, 1 << 20);
// #endif
// }
import "C"

// giveMemoryBack tells the C library to return what XLA frees to the system at once. By itself it keeps the memory that
// compiling and earlier graphs took, about a tenth of a training's peak. It holds for the process.
func giveMemoryBack() { C.give_memory_back() }
