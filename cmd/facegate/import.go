package main

type importCommand struct {
	Dir string `arg:"" help:"Folder with a subfolder of photos per person, named like the person." type:"existingdir"`
	analysisSettings
	verifySettings
	enrolSettings
}
