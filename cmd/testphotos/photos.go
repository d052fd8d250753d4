package main

// The photos are those of ageitgey/face_recognition (MIT), at this commit of
// its default branch.
const commit = "2e2dccea9dd0ce730c8d464d0f67c6eebb40c9d1"

// A photo of the test set. Blob is git's id of the content: the SHA-1 of
// "blob <size>\x00" and the file, so whatever is downloaded is either this very
// file or refused.
type photo struct {
	Name string // under the folder of test photos
	Path string // in the repository
	Blob string
}

var photos = []photo{
	{"people/alex_lacamoire/img1.jpg", "examples/knn_examples/train/alex_lacamoire/img1.jpg", "c629d3464e965def54c83a86ea3ce70389f0c9db"},
	{"people/biden/biden.jpg", "examples/biden.jpg", "3a0bdc974e9067b1595a6a623a3d898265b0a7a2"},
	{"people/biden/biden2.jpg", "examples/knn_examples/train/biden/biden2.jpg", "9730f97ab80dbf0ff9553676f4659d34e9c9a963"},
	{"people/kit_harington/john1.jpeg", "examples/knn_examples/train/kit_harington/john1.jpeg", "8afd6a5be809a5bffba508acd16493812f242136"},
	{"people/kit_harington/john2.jpeg", "examples/knn_examples/train/kit_harington/john2.jpeg", "406453587f342954570033d1e5e4e326b22fabc0"},
	{"people/lin_manuel_miranda/lin-manuel-miranda.png", "examples/lin-manuel-miranda.png", "0ecf41c90e5ec520aea753ad4063fef498806eae"},
	{"people/obama/obama.jpg", "examples/obama.jpg", "1ce4b846f50bea6c0e8348a351413bfdd6ea1f86"},
	{"people/obama/obama2.jpg", "examples/knn_examples/train/obama/obama2.jpg", "b9b60c4680686f27cee2e2b242e115dde62b6443"},
	{"people/rose_leslie/img1.jpg", "examples/knn_examples/train/rose_leslie/img1.jpg", "8872b8bb2d0deea52a83328dfc6c8bd22cb12dd6"},
	{"people/rose_leslie/img2.jpg", "examples/knn_examples/train/rose_leslie/img2.jpg", "6a3b5a557f37df9f499f4b42ea9594383786f226"},
	{"probes/alex_lacamoire1.jpg", "examples/knn_examples/test/alex_lacamoire1.jpg", "787d8e4c832d9556f360d66878ff6f072459b989"},
	{"probes/johnsnow_test1.jpg", "examples/knn_examples/test/johnsnow_test1.jpg", "291f2ce33a23514689e09e6fd8c2893a0ceb0931"},
	{"probes/kit_with_rose.jpg", "examples/knn_examples/test/kit_with_rose.jpg", "32029c1769929d3353f12d9c81bdcda5f3401b1c"},
	{"probes/obama-1080p.jpg", "examples/obama-1080p.jpg", "a244779067c801d8e744b0fc6a83a82a34574b1f"},
	{"probes/obama-240p.jpg", "examples/obama-240p.jpg", "c4a947a52a1d81e41c25b84c214604a233e85fb6"},
	{"probes/obama-480p.jpg", "examples/obama-480p.jpg", "78837efc451cea599ea009138d69a57292640059"},
	{"probes/obama-720p.jpg", "examples/obama-720p.jpg", "d06cec3e257778cd802e355359fcf653daeb7208"},
	{"probes/obama1.jpg", "examples/knn_examples/test/obama1.jpg", "c379e8a23e9226066f05a6961a7966f3ac4a05e8"},
	{"probes/obama3.jpg", "tests/test_images/obama3.jpg", "d34fd2a57fceb2d6e1a5ae658a1857042bc482b6"},
	{"probes/obama_and_biden.jpg", "examples/knn_examples/test/obama_and_biden.jpg", "66fd84a8fcaa687648d3c138e972e8ea9bbc84f8"},
	{"probes/obama_small.jpg", "examples/obama_small.jpg", "371691dfc844215a2277541ea831f721e1ad3c6f"},
	{"probes/two_people.jpg", "examples/two_people.jpg", "e62376298c040d28aea5befc0ac66b9b6b59b410"},
}
