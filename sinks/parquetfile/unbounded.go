package parquetfile

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// unboundedType is a string type for columns whose bounds aren't written (parquet.SkipPageBounds). The library leaves
// empty strings in the column index for them, which tells readers that every value of the page is the empty string: they
// would skip pages that match. This type's index says the truth instead: anything from the empty string on.
type unboundedType struct{ parquet.Type }

func (unboundedType) NewColumnIndexer(int) parquet.ColumnIndexer { return new(unboundedIndexer) }

// aboveText sorts after every UTF-8 text.
const aboveText = "\xff"

type unboundedIndexer struct {
	nullPages  []bool
	nullCounts []int64
}

func (x *unboundedIndexer) Reset() { *x = unboundedIndexer{} }

func (x *unboundedIndexer) IndexPage(numValues, numNulls int64, _, _ parquet.Value) {
	x.nullPages = append(x.nullPages, numValues == numNulls)
	x.nullCounts = append(x.nullCounts, numNulls)
}

func (x *unboundedIndexer) ColumnIndex() format.ColumnIndex {
	index := format.ColumnIndex{NullPages: x.nullPages, NullCounts: x.nullCounts, BoundaryOrder: format.Unordered}
	for _, null := range x.nullPages {
		upper := []byte(aboveText)
		if null {
			upper = []byte{} // the format asks for empty bounds where there is no value
		}
		index.MinValues = append(index.MinValues, []byte{})
		index.MaxValues = append(index.MaxValues, upper)
	}
	return index
}
