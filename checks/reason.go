package checks

import (
	"context"
	"errors"
	"io/fs"

	"hostaudit/checks/host/tree"
)

// ReasonOf says why a failed read or dial leaves a verdict unknown.
func ReasonOf(err error) Reason {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ReasonNoPermission
	case errors.Is(err, tree.ErrRemote):
		return ReasonRemoteFileSystem
	case errors.Is(err, tree.ErrChanged):
		return ReasonChangedMeanwhile
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ReasonBudget
	}
	return ReasonUnreadable // it failed, is no regular file, is too large, has too many links
}
