package logsim
import ("testing";"bytes";"fmt"; "github.com/klauspost/compress/gzip")
func BenchmarkZZ(b *testing.B){
 s:=benchServer(b); tr:=s.Truth("")
 var ds [][]byte
 for i:=range 200 { ds=append(ds,tr.AppendDetail(nil,i*4999)) }
 var pg []byte
 for i:=range 20 { pg=tr.AppendEntry(pg,i+5000) }
 for _,lv:=range []int{-3,-2,1,2,3}{
  for _,k:=range []string{"detail","page"} {
  b.Run(fmt.Sprintf("%s%d",k,lv),func(b *testing.B){
   var buf bytes.Buffer; z,_:=gzip.NewWriterLevel(&buf,lv); in,out:=0,0
   for i:=0;b.Loop();i++ { d:=ds[i%200]; if k=="page" {d=pg}; buf.Reset(); z.Reset(&buf); z.Write(d); z.Close(); in+=len(d); out+=buf.Len() }
   b.ReportMetric(float64(out)/float64(in),"ratio"); b.ReportMetric(float64(in)/b.Elapsed().Seconds()/1e6,"MB/s")
  })}
 }
}
