// Records what Go's text/template makes of the templates in a file: go run template-language.go template-language.json
package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"text/template"
)

type question struct {
	Name          string
	Qtype, Qclass uint16
}

type data struct {
	Zone, Name, Class, Type string
	Match                   []string
	Group                   map[string]string
	Question                *question
	Questions               []question
	Flag                    bool
	Number                  int
}

func (d *data) Meta(name string) string { return "<" + name + ">" }

type example struct {
	Template string  `json:"template"`
	Refused  string  `json:"refused,omitempty"`
	Failed   string  `json:"failed,omitempty"`
	Output   *string `json:"output,omitempty"`
	Written  *string `json:"written,omitempty"`
}

func main() {
	content, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var examples []example
	if err := json.Unmarshal(content, &examples); err != nil {
		panic(err)
	}
	for i := range examples {
		examples[i] = record(examples[i].Template)
	}
	out := &bytes.Buffer{}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(examples); err != nil {
		panic(err)
	}
	if err := os.WriteFile(os.Args[1], out.Bytes(), 0o644); err != nil {
		panic(err)
	}
}

func record(text string) example {
	found := example{Template: text}
	parsed, err := template.New("answer").Funcs(template.FuncMap{"parseInt": strconv.ParseUint}).Parse(text)
	if err != nil {
		found.Refused = err.Error()
		return found
	}
	if parsed.Tree != nil {
		written := parsed.Tree.Root.String()
		found.Written = &written
	}
	q := question{"IP-10-0-0-1.example.", 1, 1}
	out := &bytes.Buffer{}
	err = parsed.Execute(out, &data{
		Zone: "example.", Name: "ip-10-0-0-1.example.", Class: "IN", Type: "A",
		Match:    []string{"ip-10-0-0-1", "10", "0", "0", "1"},
		Group:    map[string]string{"0": "ip-10-0-0-1", "1": "10", "b": "0", "c": "0", "d": "1", "hex": "0a7b7b7b"},
		Question: &q, Questions: []question{q}, Flag: true, Number: 2,
	})
	if err != nil {
		found.Failed = err.Error()
		return found
	}
	output := out.String()
	found.Output = &output
	return found
}
