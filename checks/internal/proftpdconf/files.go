package proftpdconf

// Files is the tree a configuration is read from; names are absolute. Errors are those of
// the tree; fs.ErrNotExist tells that there is no such file. It has no pattern of its
// own, because ProFTPD matches names itself, after refusing some directories.
type Files interface {
	ReadFile(name string) ([]byte, error)  // follows symbolic links
	ReadDir(name string) ([]string, error) // names of entries, in any order; follows symbolic links
	Stat(name string) (FileType, error)    // follows symbolic links
	Lstat(name string) (FileType, error)   // does not follow the last one
}

// FileType is what a name stands for.
type FileType int

// File types.
const (
	Other FileType = iota // a device, FIFO or socket
	Regular
	Directory
	Symlink
)
