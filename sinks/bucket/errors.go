package bucket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// Reason says why an operation on a bucket failed, as far as it decides what to do about it.
type Reason uint8

// The reasons.
const (
	Other    Reason = iota // everything else: network, disk full, the store's own faults
	NotFound               // no such object, bucket or folder
	Denied                 // credentials missing, refused or without the right
	Canceled               // the context was cancelled or ran out
	BadKey                 // the key is none
	Exists                 // an object that should be created is there
	Retained               // a retention, an object lock or a legal hold keeps the object as it is
)

// ErrRetained says that an object can't be replaced or removed: a retention, an object lock or a legal hold keeps it as it is.
var ErrRetained = errors.New("the bucket keeps the object as it is: a retention or a legal hold is on it")

// Error is a failed operation on a bucket.
type Error struct {
	Op     string // "upload", "create", "open", "read", "list", "first", "delete", "look at", "list unfinished uploads", "remove an unfinished upload"
	Key    string // the key or prefix it was about
	Reason Reason
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("%s %q: %v", e.Op, e.Key, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is work for every kind of bucket with fs.ErrNotExist, fs.ErrExist, fs.ErrPermission and ErrRetained.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e.Reason == NotFound
	case fs.ErrExist:
		return e.Reason == Exists
	case fs.ErrPermission:
		return e.Reason == Denied
	case ErrRetained:
		return e.Reason == Retained
	}
	return false
}

var (
	errTaken = errors.New("an object has this key already")
	errNone  = errors.New("no object has this prefix")
)

// fail wraps err, which is not nil, once.
func fail(op, key string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return &Error{Op: op, Key: key, Reason: reasonOf(err), Err: uncut(err)}
}

func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Canceled
	case errors.Is(err, errTaken):
		return Exists
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNone):
		return NotFound
	case errors.Is(err, fs.ErrPermission):
		return Denied
	}
	if retained(err) {
		return Retained
	}
	// The status comes before the portable code, which says "not found" for Google's 403 and "unknown" for a refused S3
	// key.
	switch httpStatus(err) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return Denied
	case http.StatusNotFound:
		return NotFound
	}
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return NotFound
	case gcerrors.PermissionDenied:
		return Denied
	case gcerrors.Canceled, gcerrors.DeadlineExceeded:
		return Canceled
	}
	return Other
}

// httpStatus returns the status of the response that err stands for, 0 if none is known.
func httpStatus(err error) int {
	var aws interface{ HTTPStatusCode() int }
	if errors.As(err, &aws) {
		return aws.HTTPStatusCode()
	}
	var google *googleapi.Error
	if errors.As(err, &google) {
		return google.Code
	}
	return azureStatus(err)
}
