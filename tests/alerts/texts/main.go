// Expands alert texts as Grafana does: Go's templates, a map of labels, a map of values, nothing where one is missing.
//
// Reads a list of templates, labels and values from stdin and writes the list of texts to stdout, both as JSON. Functions
// that only format are simplified; like Grafana's, they take a number and refuse everything else.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"
)

type value struct{ Value float64 }

type task struct {
	Template string             `json:"template"`
	Labels   map[string]string  `json:"labels"`
	Values   map[string]float64 `json:"values"`
}

func number(unit string) func(any) (string, error) {
	return func(given any) (string, error) {
		number, ok := given.(float64)
		if !ok {
			return "", fmt.Errorf("can't convert %T to float", given)
		}
		return fmt.Sprintf("%.4g%s", number, unit), nil
	}
}

var functions = template.FuncMap{
	"externalURL":        func() string { return "http://localhost:3000/" },
	"humanize1024":       number("Ki"),
	"humanizeDuration":   number("s"),
	"humanizePercentage": number("%"),
}

func expand(given task) (string, error) {
	parsed, err := template.New("text").Funcs(functions).Option("missingkey=invalid").Parse(given.Template)
	if err != nil {
		return "", err
	}
	values := map[string]value{}
	for name, number := range given.Values {
		values[name] = value{number}
	}
	var text strings.Builder
	err = parsed.Execute(&text, map[string]any{"Labels": given.Labels, "Values": values})
	return text.String(), err
}

func main() {
	var tasks []task
	if err := json.NewDecoder(os.Stdin).Decode(&tasks); err != nil {
		panic(err)
	}
	texts := []string{}
	for _, given := range tasks {
		text, err := expand(given)
		if err != nil {
			text = "error: " + err.Error()
		}
		texts = append(texts, text)
	}
	if err := json.NewEncoder(os.Stdout).Encode(texts); err != nil {
		panic(err)
	}
}
