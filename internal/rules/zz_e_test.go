package rules
import ("testing";"os";"strings";"sort";"fmt")
func (n *need) show() string { if n==nil {return "-"}; if n.subs==nil {return fmt.Sprintf("%q",n.literal.text)}; var l []string; for _,s:=range n.subs {l=append(l,s.show())}; op:="|"; if n.all {op="&"}; return "("+strings.Join(l,op)+")" }
func TestEvals(t *testing.T){ s,_:=Builtin()
 data,_:=os.ReadFile("/tmp/speed/stripped.log")
 m:=map[int]int{}; tot:=0; found:=newBitset(len(s.rules)+len(s.heads)); f:=s.filter(); nc:=0; met:=map[int]int{}; sg:=map[string]int{}
 for line := range strings.SplitSeq(string(data),"\n") { 
	copy(found, f.always)
	for i := 0; i+gramLength <= len(line); i++ {
		hash := hashed(gram(line, i))
		if f.hashes[hash/64]&(1<<(hash%64)) != 0 {
			nc++; sg[strings.ToLower(line[i:i+4])]++
			f.look(line, i, hash, found)
		}
	}
	f.starts.keep(line, found)
	for i:=range found.all() { tot++; m[i]++; if f.needs[i].met(line) {met[i]++} }
 }
 t.Log(tot, nc, len(data), len(f.signs), len(s.rules), len(s.heads))
 var ks []int; for k:=range m {ks=append(ks,k)}; sort.Slice(ks,func(a,b int)bool{return m[ks[a]]>m[ks[b]]})
 for _,k:=range ks[:25] { p,id:="",""; if k<len(s.rules) {p,id=s.rules[k].Pattern,s.rules[k].ID} else {p=s.heads[k-len(s.rules)]}; fmt.Println(id,m[k],met[k],f.needs[k].show()[:min(120,len(f.needs[k].show()))],p[:min(100,len(p))]) }
 var ss []string; for k:=range sg {ss=append(ss,k)}; sort.Slice(ss,func(a,b int)bool{return sg[ss[a]]>sg[ss[b]]})
 for _,k:=range ss[:30] { h:=hashed(gram(k,0)); var l []string; for i:=f.first[h]; i!=0; i=f.signs[i-1].next { l=append(l,f.signs[i-1].text)}; fmt.Printf("%q %d %q\n",k,sg[k],l) }
}
