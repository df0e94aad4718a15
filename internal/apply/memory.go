package apply

import (
	"os"
	"runtime/debug"

	"logferry/internal/config"
)

// leastHeap is what the garbage collector may let stand however little is declared: the program's own takes about a third
// of it, and collecting without end helps nobody.
const leastHeap = 96 << 20 // bytes

// heapLimit is where the garbage collector has to keep the memory of a pipeline that declares so much, both in bytes. What is
// declared bounds what is buffered; an eighth more is for what is not collected yet. Together with the program's code, about
// 55 MiB, that stays below one and a half times max_memory from 256 MiB on.
func heapLimit(maxMemory int64) int64 { return max(maxMemory+maxMemory/8, leastHeap) }

// LimitMemory makes the garbage collector of this process work harder as its memory comes near what extract.max_memory
// allows. Without that it would wait until twice of what is in use has been allocated. The limit is the process's: this is for a
// program that does nothing but export. One that the environment sets (GOMEMLIMIT) stays.
func LimitMemory(p *config.Pipeline) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(heapLimit(p.Extract.MaxMemory))
}
