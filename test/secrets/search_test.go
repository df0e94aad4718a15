package secrets

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// searchFiles looks at every byte of every file below a folder, of its name, and of everything in it that can be decompressed. It returns
// what was found by the file's name.
func (p *plants) searchFiles(t *testing.T, dir string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, part := range append(unpacked(b), b, []byte(path)) {
			if hits := p.findPlanted(part); len(hits) > 0 {
				found[strings.TrimPrefix(path, dir)] = append(found[strings.TrimPrefix(path, dir)], hits...)
			}
		}
		return nil
	}))
	return found
}

// largestBlock is more than any block of S2 has, in bytes once it is decompressed.
const largestBlock = 16 << 20

// unpacked is everything that a file holds in a compressed form: gzip files, the pages of Parquet files and other frames of Zstandard,
// and the blocks of S2 that journals and sorted runs consist of, whose lengths stand before them.
func unpacked(b []byte) (out [][]byte) {
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		part, _ := io.ReadAll(z) // up to where it may be cut off
		out = append(out, part)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	defer decoder.Close()
	for at := 0; ; {
		n := bytes.Index(b[at:], []byte{0x28, 0xb5, 0x2f, 0xfd})
		if n < 0 {
			break
		}
		at += n
		if err := decoder.Reset(bytes.NewReader(b[at:])); err == nil {
			part, _ := io.ReadAll(decoder)
			out = append(out, part)
		}
		at++
	}
	for at := 0; at+12 < len(b); at++ {
		stored, raw := binary.LittleEndian.Uint32(b[at:]), binary.LittleEndian.Uint32(b[at+4:])
		if stored == 0 || raw > largestBlock || uint64(at)+12+uint64(stored) > uint64(len(b)) {
			continue
		}
		block := b[at+12 : at+12+int(stored)]
		if n, err := s2.DecodedLen(block); err != nil || n != int(raw) {
			continue
		}
		if part, err := s2.Decode(nil, block); err == nil {
			out = append(out, part)
		}
	}
	return out
}

// readSources reads what the program is made of: go test keeps a result for as long as the files that the test read are the same.
func readSources(t *testing.T) {
	t.Helper()
	list, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if .Main}}{{$.Dir}}{{end}}{{end}}", "logferry/cmd/logferry").Output()
	require.NoError(t, err)
	read := 0
	for dir := range strings.FieldsSeq(string(list)) {
		files, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, f := range files {
			if f.IsDir() {
				continue
			}
			_, err := os.ReadFile(filepath.Join(dir, f.Name()))
			require.NoError(t, err)
			read++
		}
	}
	require.Greater(t, read, 100)
}
