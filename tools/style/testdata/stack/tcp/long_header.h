// A header of more than twenty lines. expect: size
#pragma once
//
//
//
//
//
//
//
//
//
//
//
//
//
//
//
//
//
//
//
