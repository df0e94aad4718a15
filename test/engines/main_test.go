package engines_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"testing"

	"logferry/test/engines/azure"
	"logferry/test/engines/gcs"
	"logferry/test/engines/s3"
)

// stores are those that tests run against: S3 is the first. Each test has buckets of its own.
var stores []*store

// server is the one of S3.
var server *s3.Server

func TestMain(m *testing.M) {
	if name := os.Getenv(childVar); name != "" {
		os.Exit(child(name))
	}
	flag.Parse()
	code, err := 1, flag.Set("test.parallel", "16") // what runs side by side waits, and needs no processor
	if err == nil {
		code, err = serve(m.Run)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func serve(run func() int) (code int, err error) {
	log.SetOutput(io.Discard) // the vendor's client tells of each upload in parts that came too late
	dir, err := os.MkdirTemp("", "engines")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	installed, err := filepath.Abs("azure") // before S3's server changes the working folder
	if err != nil {
		return 0, err
	}
	azurite, absent := azure.Start(installed)
	switch {
	case absent == nil:
		defer func() {
			if e := azurite.Close(); e != nil {
				code, err = 1, errors.Join(err, e)
			}
		}()
	case errors.Is(absent, azure.ErrAbsent):
		fmt.Fprintln(os.Stderr, "Azure is not tested:", absent)
	default:
		return 0, absent
	}
	google, err := gcs.Start()
	if err != nil {
		return 0, err
	}
	defer google.Close()
	if server, err = s3.Start(dir); err != nil {
		return 0, err
	}
	stores = []*store{storeOfS3(server), storeOfGCS(google), storeOfAzure(azurite, absent)}
	return run(), nil
}
